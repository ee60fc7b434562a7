import { z } from "zod";
import { accountView, type AccountView } from "../gateway/identity-requests.js";
import { askIdentity } from "../identity-client.js";
import { tableText } from "../text.js";
import { printJson, quotaBody, quotaText, type IdentityOptions, type QuotaOptions } from "./identity-options.js";

interface AddOptions extends QuotaOptions {
  readonly cessAccount: string;
  readonly territory: string;
  readonly readsNetwork?: boolean;
}

/** `cess-s3 account add NAME` */
export async function runAdd(name: string, options: AddOptions): Promise<void> {
  const { cessAccount, territory, readsNetwork } = options;
  const body = { name, cessAccount, territory, readsNetwork: readsNetwork === true, quota: quotaBody(options) };
  show(await askIdentity(options, { method: "POST", path: "/accounts", body }, accountView), options);
}

/** `cess-s3 account list` */
export async function runList(options: IdentityOptions): Promise<void> {
  const accounts = await askIdentity(options, { method: "GET", path: "/accounts" }, z.array(accountView));
  if (options.json) printJson(accounts);
  else console.log(accountTable(accounts));
}

/** `cess-s3 account disable NAME`, `cess-s3 account enable NAME` */
export async function runChange(
  name: string,
  act: "disable" | "enable" | "quota",
  body: object,
  options: IdentityOptions,
): Promise<void> {
  const path = `/accounts/${encodeURIComponent(name)}/${act}`;
  show(await askIdentity(options, { method: "POST", path, body }, accountView), options);
}

/** `cess-s3 account set-quota NAME` */
export function runSetQuota(name: string, options: QuotaOptions): Promise<void> {
  return runChange(name, "quota", quotaBody(options), options);
}

/** `cess-s3 account remove NAME` */
export async function runRemove(name: string, options: IdentityOptions): Promise<void> {
  const path = `/accounts/${encodeURIComponent(name)}`;
  const removed = await askIdentity(options, { method: "DELETE", path }, accountView);
  if (options.json) printJson(removed);
  else console.log(`removed the account ${removed.name} and its keys`);
}

function show(account: AccountView, { json }: IdentityOptions): void {
  if (json) printJson(account);
  else console.log(accountTable([account]));
}

function accountTable(accounts: readonly AccountView[]): string {
  return tableText([
    ["NAME", "CESS ACCOUNT", "TERRITORY", "FROM", "STATE", "BYTES", "OBJECTS", "QUOTA"],
    ...accounts.map(({ name, cessAccount, territory, from, disabled, usage, quota }) => [
      name,
      cessAccount,
      territory,
      from,
      disabled ? "disabled" : "enabled",
      String(usage.bytes + usage.uploadBytes),
      String(usage.objects),
      quotaText(quota),
    ]),
  ]);
}
