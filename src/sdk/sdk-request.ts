import type { IncomingMessage } from "node:http";
import type { Account, CessAccount } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import { Refusal } from "../peers/refusal.js";
import type { AccountFiles } from "./account-files.js";
import type { BatchUploads } from "./batch-uploads.js";

/** What the paths of the API do their work with. */
export interface SdkServices {
  readonly clock: Pick<Clock, "now">;
  readonly files: AccountFiles;
  readonly batches: BatchUploads;
}

/** Who sends a request. */
export interface SdkHolders {
  /** A token for this CESS account. `nanoseconds`: how long it is to be valid. Refusal 403 for strangers. */
  issue(account: CessAccount, nanoseconds: number): Promise<string>;
  /** Whose token the request has. Refusal 403. */
  requireHolder(request: IncomingMessage): Promise<Account>;
  /** Refusal 403 for a CESS account that is none of this gateway's accounts. */
  accountOf(account: CessAccount): Account;
}

/** Refusal 400 unless it is the territory that the account's objects are charged to. */
export function requireTerritory({ territory }: Account, named: string | undefined): void {
  if (named === territory) return;
  throw new Refusal(
    400,
    named === undefined || named === ""
      ? "bad file params: the territory is missing"
      : `bad file params: this gateway stores the account's files in the territory ${territory}, and in no other`,
  );
}

/** The name without folders. Refusal 400 with CD2N's code for one that no file on the chain can have. */
export function requireFileName(name: string): string {
  const plain = name.split(/[\\/]/).at(-1) ?? "";
  const bytes = Buffer.byteLength(plain);
  if (bytes >= 3 && bytes <= 63) return plain;
  throw new Refusal(400, "invalid file name: it must have 3 to 63 bytes", { envelopeCode: 10112 });
}
