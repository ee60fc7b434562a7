import { readFileSync } from "node:fs";
import { z } from "zod";
import { ConfigError, reasonOf } from "../../config/config-error.js";
import { defined } from "../../model/defined.js";
import { createdKeyView, keyView, type KeyView } from "../gateway/identity-requests.js";
import { askIdentity } from "../identity-client.js";
import { tableText } from "../text.js";
import { printJson, type IdentityOptions, type KeyOptions } from "./identity-options.js";

/** `cess-s3 key create ACCOUNT` */
export async function runCreate(account: string, options: KeyOptions): Promise<void> {
  const { bucket: buckets, prefix: prefixes, permission, expires, policy: file } = options;
  const policy = file === undefined ? undefined : readPolicy(file);
  const body = defined({ account, buckets, prefixes, permission, expires, policy });
  const created = await askIdentity(options, { method: "POST", path: "/keys", body }, createdKeyView);
  if (options.json) {
    printJson(created);
    return;
  }
  console.log(`access key  ${created.accessKeyId}\nsecret      ${created.secretAccessKey}\n`);
  console.log("The secret is not shown again: keep it now.");
}

/** `cess-s3 key list` */
export async function runList(options: IdentityOptions & { readonly account?: string }): Promise<void> {
  const all = await askIdentity(options, { method: "GET", path: "/keys" }, z.array(keyView));
  const found = options.account === undefined ? all : all.filter(({ account }) => account === options.account);
  if (options.json) printJson(found);
  else console.log(tableText([HEADING, ...found.map(row)]));
}

/** `cess-s3 key revoke ID` */
export async function runRevoke(id: string, options: IdentityOptions): Promise<void> {
  const path = `/keys/${encodeURIComponent(id)}`;
  const answer = await askIdentity(options, { method: "DELETE", path }, z.object({ revoked: z.string() }));
  if (options.json) printJson(answer);
  else console.log(`revoked ${answer.revoked}`);
}

function readPolicy(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new ConfigError(`--policy: cannot read the file ${file}: ${reasonOf(cause)}`, { cause });
  }
}

const HEADING = ["ACCESS KEY", "ACCOUNT", "FROM", "PERMISSION", "BUCKETS", "PREFIXES", "EXPIRES", "POLICY"];

function row({ accessKeyId, account, from, permission, buckets, prefixes, expires, policy }: KeyView): string[] {
  const list = (texts: readonly string[] | undefined) => texts?.join(" ") ?? "all";
  return [
    accessKeyId,
    account,
    from,
    permission,
    list(buckets),
    list(prefixes),
    expires ?? "never",
    policy ? "yes" : "no",
  ];
}
