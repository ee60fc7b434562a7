import type { NetworkFile } from "../../model/network-file.js";
import { encodePercent } from "./percent.js";

/** Owners that are named: a file may have 50,000. */
const MAX_OWNERS = 10;
const PLAIN_NAME = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** What the chain says about a file of the network bucket. */
export function networkHeaders({ owners, file }: NetworkFile): Record<string, string | undefined> {
  const accounts = owners.slice(0, MAX_OWNERS).map(({ account }) => account);
  const name = owners[0]?.fileName ?? "";
  return {
    "x-cess-owner": accounts.length === 0 ? undefined : accounts.join(","),
    "x-cess-file-name": name === "" ? undefined : headerName(name),
    ...(file ? {} : { "x-cess-state": "pending" }),
  };
}

/** A stranger wrote the name: what is not plain text goes as RFC 8187 writes it, and so does what looks like that. */
function headerName(name: string): string {
  return PLAIN_NAME.test(name) && !/^utf-8'/i.test(name) ? name : `UTF-8''${encodePercent(name)}`;
}
