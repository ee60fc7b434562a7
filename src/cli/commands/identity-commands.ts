import type { Command } from "commander";
import { Option } from "commander";
import { whereToAsk } from "./admin-commands.js";
import type { KeyOptions, QuotaOptions, IdentityOptions } from "./identity-options.js";

/** The commands about accounts, access keys and quotas. What they do is loaded when they are called. */
export function addIdentityCommands(program: Command): void {
  accountCommands(
    program.command("account").description("list and change accounts: who may use the gateway, and who pays"),
  );
  keyCommands(program.command("key").description("list, create and revoke access keys of accounts"));
  const bucket = program.command("bucket").description("buckets, as the operator sees them");
  quotaOptions(identityOptions(bucket.command("quota")))
    .description("show what a bucket holds and its quota; with options, set the quota")
    .argument("<bucket>")
    .option("--none", "remove the quota")
    .action(async (name: string, options: QuotaOptions & { none?: boolean }) =>
      (await import("./bucket.js")).runBucketQuota(name, options),
    );
}

function accountCommands(account: Command): void {
  quotaOptions(identityOptions(account.command("add")))
    .description("add an account")
    .argument("<name>", "display name, unique")
    .requiredOption(
      "--cess-account <address>",
      "SS58 address of the CESS account that owns and pays; it must have authorized the gateway",
    )
    .requiredOption("--territory <name>", "territory on chain that is charged")
    .option("--reads-network", "may read any file on the network by its FID")
    .action(
      async (
        name: string,
        options: QuotaOptions & { cessAccount: string; territory: string; readsNetwork?: boolean },
      ) => (await import("./account.js")).runAdd(name, options),
    );
  identityOptions(account.command("list"))
    .description("list all accounts, with what they hold")
    .action(async (options: IdentityOptions) => (await import("./account.js")).runList(options));
  for (const [act, description] of [
    ["disable", "refuse all keys of an account and their sessions, from the next request on"],
    ["enable", "accept the keys of a disabled account again"],
  ] as const)
    identityOptions(account.command(act))
      .description(description)
      .argument("<name>")
      .action(async (name: string, options: IdentityOptions) =>
        (await import("./account.js")).runChange(name, act, {}, options),
      );
  quotaOptions(identityOptions(account.command("set-quota")))
    .description("set what all buckets of an account may hold together; without options there is no limit")
    .argument("<name>")
    .action(async (name: string, options: QuotaOptions) => (await import("./account.js")).runSetQuota(name, options));
  identityOptions(account.command("remove"))
    .description("remove an account with its keys; its buckets and objects remain")
    .argument("<name>")
    .action(async (name: string, options: IdentityOptions) => (await import("./account.js")).runRemove(name, options));
}

function keyCommands(key: Command): void {
  identityOptions(key.command("create"))
    .description("create an access key; its secret is shown once")
    .argument("<account>", "name of the account")
    .option("--bucket <name...>", "only these buckets; * and ? stand for any characters")
    .option("--prefix <text...>", "only objects whose keys begin so, and listings of them")
    .addOption(
      new Option("--permission <what>", "what it may do there")
        .choices(["read", "write", "read-write"])
        .default("read-write"),
    )
    .option("--expires <time>", "when it ends, in ISO 8601 with a time zone, such as 2027-01-31T00:00:00Z")
    .option("--policy <file>", "identity policy (IAM JSON without Principal): the key may do only what it allows")
    .action(async (account: string, options: KeyOptions) => (await import("./key.js")).runCreate(account, options));
  identityOptions(key.command("list"))
    .description("list access keys, without their secrets")
    .option("--account <name>", "only those of this account")
    .action(async (options: IdentityOptions & { account?: string }) => (await import("./key.js")).runList(options));
  identityOptions(key.command("revoke"))
    .description("end an access key and its sessions, from the next request on")
    .argument("<access-key-id>")
    .action(async (id: string, options: IdentityOptions) => (await import("./key.js")).runRevoke(id, options));
}

function identityOptions(command: Command): Command {
  const otherwise = "without it, and where none answers, the data folder is used";
  return whereToAsk(command, otherwise).option("--json", "print the answer as JSON");
}

function quotaOptions(command: Command): Command {
  return command
    .option("--bytes <size>", "bytes at most, such as 500GiB: all versions, and parts of open uploads")
    .option("--objects <count>", "versions at most; delete markers do not count");
}
