#!/usr/bin/env node
import { Command, Option } from "commander";
import { addAdminCommands, whereToAsk } from "./cli/commands/admin-commands.js";
import type { RebuildOptions } from "./cli/commands/rebuild.js";
import type { TakeOverOptions } from "./cli/commands/take-over.js";
import type { LoginOptions } from "./cli/commands/login.js";
import type { VerifyOptions } from "./cli/commands/verify.js";
import { addIdentityCommands } from "./cli/commands/identity-commands.js";
import { addTerritoryCommands } from "./cli/commands/territory-commands.js";
import { explain } from "./cli/explain.js";
import { AFTER_HELP } from "./cli/help.js";
import { VERSION } from "./cli/version.js";

// What commands write, their data folder above all, is for no other user: catalog, staged bytes and keys tell everything.
process.umask(0o077);

// Each command is loaded when it is called: the chain client alone takes a second of processor time to load.

const program = new Command("cess-s3")
  .description("S3-compatible gateway to the CESS decentralized storage network")
  .version(VERSION, "-V, --version", "print the version")
  .addHelpText("after", AFTER_HELP);

program
  .command("dev")
  .description("run the gateway on a CESS network in a box: for development and tests")
  .action(async () => (await import("./cli/commands/dev.js")).runDev());

program
  .command("devnet")
  .description("run only the CESS network in a box: chain and storage nodes, for a gateway of your own")
  .option("-p, --port <port>", "the chain's port; CESS_S3_DEV_PORT sets it too")
  .option("-d, --data-dir <folder>", "data folder, the network's is in it; CESS_S3_DATA_DIR sets it too")
  .option("--json", "print the chain, the gateway's phrase and the accounts as one line of JSON")
  .action(async (options: { port?: string; dataDir?: string; json?: boolean }) =>
    (await import("./cli/commands/devnet.js")).runDevnet(options),
  );

program
  .command("serve")
  .description("run the gateway against a CESS chain")
  .option("-c, --config <file>", "configuration file (YAML); CESS_S3_CONFIG names it too")
  .action(async (options: { config?: string }) => (await import("./cli/commands/serve.js")).runServe(options.config));

const config = program.command("config").description("show or check the configuration of `serve`");

config
  .command("show")
  .description("print the effective configuration as YAML, with where each value comes from; secrets are hidden")
  .option("-c, --config <file>", "configuration file (YAML); CESS_S3_CONFIG names it too")
  .action(async (options: { config?: string }) =>
    (await import("./cli/commands/config-show.js")).runConfigShow(options.config),
  );

config
  .command("check")
  .description("find mistakes in the configuration, the files and the accounts that it names; nothing is started")
  .option("-c, --config <file>", "configuration file (YAML); CESS_S3_CONFIG names it too")
  .option("--offline", "do not ask the chain for the accounts and territories")
  .option("--json", "print the findings as JSON")
  .action(async (options: { config?: string; json?: boolean; offline?: boolean }) =>
    (await import("./cli/commands/config-check.js")).runConfigCheck(options),
  );

program
  .command("doctor")
  .description("look at everything that `serve` depends on: disk, ports, clock, chain, accounts, storage nodes")
  .option("-c, --config <file>", "configuration file (YAML); CESS_S3_CONFIG names it too")
  .option("--json", "print the findings as JSON")
  .action(async (options: { config?: string; json?: boolean }) =>
    (await import("./cli/commands/doctor.js")).runDoctor(options),
  );

program
  .command("init")
  .description("write a configuration file with all settings, their meaning and their defaults")
  .argument("[file]", "where to; a file that is there is never overwritten", "cess-s3.yaml")
  .action(async (file: string) => (await import("./cli/commands/init.js")).runInit(file));

program
  .command("node")
  .description("run one storage node")
  .option("-c, --config <file>", "configuration file (YAML)")
  .action(async (options: { config?: string }) => (await import("./cli/commands/node.js")).runNode(options.config));

program
  .command("fid")
  .description("print the FID of a local file")
  .argument("<file>")
  .option("--cipher <text>", "encrypt as DeOSS does (cess-cbc) with this text of 1 to 32 bytes")
  .option("--json", "print segment and fragment hashes too, as JSON")
  .action(async (file: string, options: { cipher?: string; json?: boolean }) =>
    (await import("./cli/commands/fid.js")).runFid(file, options),
  );

program
  .command("verify")
  .description(
    "check a receipt, or a certificate of deletion, against the chain: without a gateway, and without an account",
  )
  .argument("<receipt>", "as cess-s3 receipt prints it")
  .argument("[file]", "the object's bytes, to be compared with it")
  .requiredOption("--chain <url>", "chain endpoint that is asked (ws:// or wss://)")
  .option("--fetch", "fetch the object's segments from the storage nodes, too, and hash them")
  .option("--signer <account>", "the account that must have signed: the gateway's")
  .option("--bucket <name>", "the bucket that it must be of")
  .option("--key <key>", "the key that it must be of")
  .option("--allow-private-nodes", "fetch from storage nodes in private networks, too")
  .option("--json", "print the checks as JSON")
  .addHelpText(
    "after",
    "\nExit codes: 0 all that was to be checked holds; 3 something does not; 1 it could not be checked",
  )
  .action(async (receipt: string, file: string | undefined, options: VerifyOptions) =>
    (await import("./cli/commands/verify.js")).runVerify(receipt, file, options),
  );

program
  .command("price")
  .description("reckon what objects are charged, in packs and in files of their own")
  .argument("<size>", "of each object, such as 100KiB")
  .argument("<count>", "how many objects")
  .option(
    "-c, --config <file>",
    "configuration file (YAML), which says how objects are packed, and which chain is asked",
  )
  .option("--chain <url>", "chain endpoint that is asked for the prices (ws:// or wss://)")
  .option("--json", "print the answer as JSON")
  .action(async (size: string, count: string, options: { config?: string; chain?: string; json?: boolean }) =>
    (await import("./cli/commands/price.js")).runPrice(size, count, options),
  );

program
  .command("seal")
  .description("seal a secret access key from standard input, for secretAccessKeySealed in the configuration")
  .argument("<access-key>")
  .option("-c, --config <file>", "configuration file (YAML), which says where the gateway's keys are")
  .action(async (accessKey: string, options: { config?: string }) =>
    (await import("./cli/commands/seal.js")).runSeal(accessKey, options.config),
  );

whereToAsk(program.command("backup"))
  .description("write the catalog and all staged bytes to one file, also while the gateway runs")
  .argument("<file>", "the archive to write (tar); must not exist")
  .option("--with-keys", "take the key file along: whoever has the backup can then read everything in it")
  .action(async (file: string, options: { config?: string; admin?: string; tokenFile?: string; withKeys?: boolean }) =>
    (await import("./cli/commands/backup.js")).runBackup(file, options),
  );

program
  .command("restore")
  .description("put a backup into an empty data folder")
  .argument("<file>", "the archive that cess-s3 backup wrote")
  .option("-c, --config <file>", "configuration file (YAML); CESS_S3_CONFIG names it too")
  .action(async (file: string, options: { config?: string }) =>
    (await import("./cli/commands/restore.js")).runRestore(file, options),
  );

program
  .command("migrate-catalog")
  .description("bring the catalog from the data folder into PostgreSQL, while the gateway is stopped")
  .option("-c, --config <file>", "configuration file (YAML), with catalog.url; CESS_S3_CONFIG names it too")
  .action(async (options: { config?: string }) =>
    (await import("./cli/commands/migrate-catalog.js")).runMigrateCatalog(options),
  );

program
  .command("fsck")
  .description("compare catalog, staging, cache and chain, while no gateway runs on the data folder")
  .option("-c, --config <file>", "configuration file (YAML); CESS_S3_CONFIG names it too")
  .option("--repair", "mend what can be mended safely")
  .option("--accept-catalog", "take a catalog that went back as it is")
  .option("--no-chain", "do not compare with the chain")
  .option("--json", "print the findings as JSON")
  .addHelpText(
    "after",
    "\nExit codes: 0 nothing is wrong, or all was mended; 1 something is wrong; 2 the check could not be run",
  )
  .action(
    async (options: { config?: string; repair?: boolean; json?: boolean; acceptCatalog?: boolean; chain: boolean }) =>
      (await import("./cli/commands/fsck.js")).runFsck(options),
  );
program
  .command("login")
  .description("get an S3 key from a gateway by a wallet's signature, and authorize the gateway where that is needed")
  .requiredOption("-g, --gateway <url>", "URL of the gateway's listener for sign-up")
  .option("--mnemonic-file <file>", "file that holds the wallet's mnemonic alone")
  .option("--keystore <file>", "the wallet's account as polkadot.js and others export it (JSON)")
  .option("--password-file <file>", "file that holds the keystore's password")
  .option("--name <name>", "the gateway's name as its challenges have it; by default the URL's host")
  .option("--territory <name>", "the territory that the key is for, where the account has several")
  .option("--profile <name>", "profile of the AWS CLI that the key is written to; cess by default")
  .option("--credentials <file>", "file with the profiles; ~/.aws/credentials by default")
  .addOption(new Option("--print <form>", "print the key instead").choices(["json", "env"]))
  .option("-y, --yes", "sign without asking")
  .option("--allow-http", "also ask a gateway elsewhere that has no TLS")
  .action(async (options: LoginOptions) => (await import("./cli/commands/login.js")).runLogin(options));
program
  .command("rebuild")
  .description("make the catalog of a lost gateway again, from the journals on CESS and its key file")
  .option("-c, --config <file>", "configuration file (YAML); CESS_S3_CONFIG names it too")
  .option("--stream <id>", "which catalog, where the account has journals of several")
  .option("--owner <address>", "CESS account that owns the journals; by default that of journal.account")
  .option("--json", "print the report as JSON")
  .action(async (options: RebuildOptions) => (await import("./cli/commands/rebuild.js")).runRebuild(options));

program
  .command("take-over")
  .description("go on with the buckets of a mount as its own, when the gateway that wrote them is gone")
  .option("-c, --config <file>", "configuration file (YAML); CESS_S3_CONFIG names it too")
  .option("--owner <address>", "CESS account of the mount, where there are several")
  .option("--json", "print the report as JSON")
  .action(async (options: TakeOverOptions) => (await import("./cli/commands/take-over.js")).runTakeOver(options));

addAdminCommands(program);

addIdentityCommands(program);

addTerritoryCommands(program);

program.parseAsync().catch((error: unknown) => {
  console.error(`cess-s3: ${explain(error)}`);
  process.exit(1);
});
