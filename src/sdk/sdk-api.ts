import type { IncomingMessage } from "node:http";
import type { Account, CessAccount } from "../model/account.js";
import type { Fid } from "../model/hash.js";
import type { OfferedFile } from "../peers/stored-file.js";
import type { PublicRoute } from "../peers/public-server.js";
import { Refusal } from "../peers/refusal.js";
import type { AccessTokens } from "./access-tokens.js";
import { deossRoutes } from "./deoss-routes.js";
import { retrieverRoutes } from "./retriever-routes.js";
import type { SdkHolders, SdkServices } from "./sdk-request.js";

export interface SdkComponents extends SdkServices {
  readonly tokens: AccessTokens;
  /** The account of this gateway that this CESS account pays for; undefined when there is none. */
  readonly accountOf: (account: CessAccount) => Account | undefined;
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
export class SdkApi implements SdkHolders {
  readonly routes: readonly PublicRoute[];

  constructor(
    private readonly components: SdkComponents,
    private readonly settings: SdkSettings,
  ) {
    this.routes = [...retrieverRoutes(components, this), ...deossRoutes(components, this)];
  }

  async issue(account: CessAccount, nanoseconds: number): Promise<string> {
    this.accountOf(account);
    const { tokenSeconds } = this.settings;
    const wanted = Math.floor(nanoseconds / 1e9);
    const seconds = wanted >= 1 ? Math.min(wanted, tokenSeconds) : tokenSeconds;
    return this.components.tokens.issue(PURPOSE, { sub: account }, seconds);
  }

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
