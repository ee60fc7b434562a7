/** Behind the list of commands in `cess-s3 --help`. */
export const AFTER_HELP = `
Examples:
  cess-s3 dev                                   try it: gateway and network on this machine
  cess-s3 init /etc/cess-s3/config.yaml         write a configuration file to begin with
  cess-s3 config check -c config.yaml           find mistakes in it
  cess-s3 doctor -c config.yaml                 look at disk, ports, clock, chain, accounts, storage nodes
  cess-s3 serve -c config.yaml                  run the gateway
  cess-s3 territory price --gib 10 --days 30    what space on the network costs
  cess-s3 devnet --json                         a network for a gateway of your own, described in one line of JSON

Exit codes:
  0  done; of serve, dev, devnet and node: ended by SIGTERM or SIGINT, in order
  1  failed, wrong use or a wrong configuration: standard error says what, and what to do;
     of doctor, config check and fsck: at least one finding is an error
  2  of fsck: it could not be run
  3  of verify: something that was to be checked does not hold
  A second signal ends a command at once, with code 1.

Environment variables and the configuration file: docs/configuration.md. Error messages: docs/troubleshooting.md.
`;
