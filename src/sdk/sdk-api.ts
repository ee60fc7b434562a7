import type { IncomingMessage } from "node:http";
import type { Clock } from "../model/clock.js";
import type { Account, CessAccount } from "../model/account.js";
import type { Fid } from "../model/hash.js";
import type { OfferedFile } from "../peers/public-files.js";
import type { PublicRoute } from "../peers/public-server.js";
import { Refusal } from "../peers/refusal.js";
import type { AccessTokens } from "./access-tokens.js";
import type { AccountFiles } from "./account-files.js";
import type { BatchUploads } from "./batch-uploads.js";
import { deossRoutes } from "./deoss-routes.js";
import { retrieverRoutes } from "./retriever-routes.js";

export interface SdkComponents {
  readonly clock: Pick<Clock, "now">;
  readonly tokens: AccessTokens;
  readonly files: AccountFiles;
  readonly batches: BatchUploads;
  /** The account of this gateway that this CESS account pays for; undefined when there is none. */
  readonly accountOf: (account: CessAccount) => Account | undefined;
  /**
   * Makes a file of the network, whoever stored it, the account's object `key`, without its bytes; undefined where that
   * is not offered. Rejects with S3Error or DomainError.
   */
  readonly takeOver?: ((account: Account, fid: Fid, key: string, signal: AbortSignal) => Promise<void>) | undefined;
}

export interface SdkSettings {
  /** A token is valid for so long at most, in seconds. */
  readonly tokenSeconds: number;
}

const PURPOSE = "gateway access";

/**
 * The gateway API of the CESS SDKs, on the public listener: CD2N's paths with a token, and DeOSS's with signed headers.
 * Who signs is an account of this gateway, or is told how to become one.
 */
export class SdkApi {
  readonly routes: readonly PublicRoute[];

  constructor(
    private readonly components: SdkComponents,
    private readonly settings: SdkSettings,
  ) {
    this.routes = [...retrieverRoutes(components, this), ...deossRoutes(components, this)];
  }

  /** A token for this CESS account. `nanoseconds`: how long it is to be valid. Refusal 403 for strangers. */
  async issue(account: CessAccount, nanoseconds: number): Promise<string> {
    this.accountOf(account);
    const { tokenSeconds } = this.settings;
    const wanted = Math.floor(nanoseconds / 1e9);
    const seconds = wanted >= 1 ? Math.min(wanted, tokenSeconds) : tokenSeconds;
    return this.components.tokens.issue(PURPOSE, { sub: account }, seconds);
  }

  /** Whose token the request has. Refusal 403. */
  async requireHolder(request: IncomingMessage): Promise<Account> {
    const account = await this.subjectOf(request);
    if (account === undefined) throw new Refusal(403, "Invalid token: get another one at /gateway/gentoken");
    return this.accountOf(account);
  }

  /** The account's own file, where the request has a token of it: see PublicDownloadsComponents. */
  readonly holdersFile = async (request: IncomingMessage, fid: Fid): Promise<OfferedFile | undefined> => {
    const subject = await this.subjectOf(request);
    const account = subject && this.components.accountOf(subject);
    return account && !account.disabled ? this.components.files.find(account, fid) : undefined;
  };

  /** Refusal 403 for a CESS account that is none of this gateway's accounts. */
  accountOf(account: CessAccount): Account {
    const found = this.components.accountOf(account);
    if (found?.disabled) throw new Refusal(403, "the account is disabled: ask the operator of this gateway");
    if (found) return found;
    throw new Refusal(
      403,
      `the CESS account ${account} has no account on this gateway: ask its operator for one, and authorize the gateway ` +
        "on the chain (oss.authorize)",
    );
  }

  private async subjectOf({ headers }: IncomingMessage): Promise<CessAccount | undefined> {
    const { token } = headers;
    if (typeof token !== "string") return undefined;
    const claims = await this.components.tokens.read(PURPOSE, token.replace(/^Bearer /i, "").trim());
    return claims?.sub as CessAccount | undefined;
  }
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

/** Refusal 501 for what the other program has and this one does not. */
export function notOffered(what: string): Refusal {
  return new Refusal(501, `this gateway does not offer ${what}`);
}
