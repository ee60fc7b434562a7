import type { Command } from "commander";
import type { SigningOptions } from "../territory/perform.js";
import type { WalletOptions } from "../territory/wallet.js";
import type { MoveOptions } from "./territory-move.js";

/** The commands about an owner's space, gateways and tokens. What they do is loaded when they are called. */
export function addTerritoryCommands(program: Command): void {
  territoryCommands(
    program.command("territory").description("buy, renew and look at territories: space on the network"),
  );
  signing(program.command("authorize"))
    .description("let a gateway's account store and delete files for yours")
    .argument("<operator>", "the gateway's account")
    .action(async (operator: string, options: WalletOptions & SigningOptions) =>
      (await import("./authorize.js")).runAuthorize(operator, options),
    );
  signing(program.command("revoke"))
    .description("take a gateway's authorization back")
    .argument("<operator>", "the gateway's account")
    .action(async (operator: string, options: WalletOptions & SigningOptions) =>
      (await import("./authorize.js")).runRevoke(operator, options),
    );
  reading(program.command("balance"))
    .description("show the tokens of an account")
    .argument("[account]", "by default the one whose key is named")
    .action(async (account: string | undefined, options: WalletOptions & { json?: boolean }) =>
      (await import("./balance.js")).runBalance(account, options),
    );
}

function territoryCommands(territory: Command): void {
  reading(territory.command("list"))
    .description("list an account's territories: their space, and when they end")
    .argument("[account]", "by default the one whose key is named")
    .action(async (account: string | undefined, options: WalletOptions & { json?: boolean }) =>
      (await import("./territory-list.js")).runList(account, options),
    );
  reading(territory.command("price"))
    .description("show what space costs on this chain now")
    .requiredOption("--gib <count>", "GiB")
    .requiredOption("--days <count>", "days")
    .action(async (options: WalletOptions & { gib: string; days: string; json?: boolean }) =>
      (await import("./territory-price.js")).runPrice(options),
    );
  signing(territory.command("buy"))
    .description("buy a territory")
    .argument("<name>", "1 to 63 bytes; public")
    .requiredOption("--gib <count>", "its size in GiB")
    .requiredOption("--days <count>", "how long it lasts, at least 30 days")
    .option("--for <account>", "pay it for this account, which will own it")
    .action(
      async (name: string, options: WalletOptions & SigningOptions & { gib: string; days: string; for?: string }) =>
        (await import("./territory-buy.js")).runBuy(name, options),
    );
  signing(territory.command("expand"))
    .description("add space to a territory, until its end")
    .argument("<name>")
    .requiredOption("--gib <count>", "GiB to add")
    .action(async (name: string, options: WalletOptions & SigningOptions & { gib: string }) =>
      (await import("./territory-expand.js")).runExpand(name, options),
    );
  signing(territory.command("renew"))
    .description("let a territory last longer, also one that is frozen since its end")
    .argument("<name>")
    .requiredOption("--days <count>", "days to add")
    .action(async (name: string, options: WalletOptions & SigningOptions & { days: string }) =>
      (await import("./territory-renew.js")).runRenew(name, options),
    );
  signing(territory.command("reactivate"))
    .description("get the space of an expired territory back; its files are gone")
    .argument("<name>")
    .requiredOption("--days <count>", "how long it lasts then")
    .action(async (name: string, options: WalletOptions & SigningOptions & { days: string }) =>
      (await import("./territory-reactivate.js")).runReactivate(name, options),
    );
  signing(territory.command("move"))
    .description("charge files to another territory of the same account; no bytes move")
    .argument("[fid...]", "FIDs of files in --from")
    .requiredOption("--from <name>", "the territory that they are in")
    .requiredOption("--to <name>", "the territory that they go to")
    .option("--all", "all files of --from")
    .action(async (fids: string[], options: MoveOptions) =>
      (await import("./territory-move.js")).runMove(fids, options),
    );
}

/** Which chain and whose account. */
function chainOptions(command: Command): Command {
  return command
    .option("--chain <url>", "WebSocket URL of a chain node; by default the configuration's")
    .option(
      "--mnemonic-file <file>",
      "file with the mnemonic of the account's wallet; by default the configuration's key",
    )
    .option("--keystore <file>", "the account's key as wallets export it (JSON), in place of a mnemonic")
    .option("--password-file <file>", "file with the keystore's password")
    .option("-c, --config <file>", "the gateway's configuration file (YAML); CESS_S3_CONFIG names it too");
}

function reading(command: Command): Command {
  return chainOptions(command).option("--json", "print the answer as JSON");
}

function signing(command: Command): Command {
  return chainOptions(command)
    .option("--account <address>", "with --print: the account whose wallet is elsewhere")
    .option("--print", "print the call for that wallet, and a link to polkadot.js Apps; nothing is signed")
    .option("-y, --yes", "sign without asking");
}
