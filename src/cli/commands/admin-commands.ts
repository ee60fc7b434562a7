import type { ShareOptions } from "./share.js";
import type { Command } from "commander";
import type { AdminOptions } from "../admin-client.js";
import type { ReceiptOptions } from "./receipt.js";

/** Where a running gateway is, and its token. `otherwise`: what is done without `--admin`. */
export function whereToAsk(command: Command, otherwise = "by default the configuration's"): Command {
  return command
    .option("--admin <url>", `URL of the gateway's admin listener; ${otherwise}`)
    .option("--token-file <file>", "file with the admin listener's token; by default the configuration's")
    .option("-c, --config <file>", "configuration file (YAML); CESS_S3_CONFIG names it too");
}

/** The options of commands that ask a running gateway. */
function asking(command: Command): Command {
  return whereToAsk(command).option("--json", "print the answer as JSON");
}

interface Asking extends AdminOptions {
  readonly json?: boolean;
}

/** The commands that tell how a running gateway is. */
export function addAdminCommands(program: Command): void {
  asking(
    program.command("status").description("show how a running gateway is; ends with code 1 when it is not ready"),
  ).action(async (options: Asking) => (await import("./status.js")).runStatus(options));
  whereToAsk(
    program
      .command("health")
      .description("ask a running gateway whether it lives: ends with code 0 or 1; for the health check of a container")
      .option("--ready", "whether it is ready for requests, and if not, why"),
  ).action(async (options: AdminOptions & { ready?: boolean }) => (await import("./health.js")).runHealth(options));
  asking(
    program
      .command("object")
      .description("show where an object is on its way into the network, who holds it, and why it waits")
      .argument("<bucket>")
      .argument("<key>")
      .option("--version-id <id>", "another version than the current one"),
  ).action(async (bucket: string, key: string, options: Asking & { versionId?: string }) =>
    (await import("./object.js")).runObject(bucket, key, options),
  );
  whereToAsk(
    program
      .command("receipt")
      .description("print what the chain lists of a stored object, signed by the gateway; cess-s3 verify checks it")
      .argument("[bucket]")
      .argument("[key]")
      .option("--version-id <id>", "another version than the current one")
      .option("--deleted <fid>", "in place of an object: that the chain does not list this file any more"),
  ).action(async (bucket: string | undefined, key: string | undefined, options: ReceiptOptions) =>
    (await import("./receipt.js")).runReceipt(bucket, key, options),
  );
  addShareCommands(program);
  const journal = program
    .command("journal")
    .description("what of the catalog is on CESS, so that a lost gateway can be made again");
  asking(journal.command("status").description("show which journals there are, and what is in none")).action(
    async (options: Asking) => (await import("./journal.js")).runJournalStatus(options),
  );
  asking(journal.command("flush").description("write what has changed into a journal now")).action(
    async (options: Asking) => (await import("./journal.js")).runJournalFlush(options),
  );
  whereToAsk(
    program
      .command("register")
      .description("put this gateway on the chain's list of gateways, or take it off")
      .option(
        "--endpoint <url>",
        "the address under which others reach it, of at most 50 bytes; by default public.endpoint",
      )
      .option("--remove", "take it off the list"),
    "by default the configuration's; where none answers, this command signs itself",
  ).action(async (options: AdminOptions & { endpoint?: string; remove?: boolean }) =>
    (await import("./register.js")).runRegister(options),
  );
  const jobs = asking(
    program
      .command("jobs")
      .description("list the background jobs that fail, or are older than an hour")
      .option("--all", "list the others, too"),
  ).action(async (options: Asking & { all?: boolean }) => (await import("./jobs.js")).runJobs(options));
  jobs
    .command("retry")
    .description("try a job again at once, or all that fail")
    .argument("[id]", "as cess-s3 jobs lists them")
    .option("--all", "all that fail")
    // The options of `jobs` hold for it, too, wherever they stand.
    .action(async (id: string | undefined, _options: object, command: Command) =>
      (await import("./jobs.js")).runRetry(id, command.optsWithGlobals()),
    );
}

function addShareCommands(program: Command): void {
  asking(
    program
      .command("share")
      .description(
        "let another gateway, or a wallet's, read one bucket; the command prints what its configuration needs",
      )
      .argument("<bucket>")
      .requiredOption("--to <key>", "public key of the other gateway's account, in hex or as an SS58 address")
      .option("--revoke", "end that"),
  ).action(async (bucket: string, options: ShareOptions) => (await import("./share.js")).runShare(bucket, options));
  asking(program.command("shares").description("list the buckets that are shared, and with whom")).action(
    async (options: Asking) => (await import("./share.js")).runShares(options),
  );
}
