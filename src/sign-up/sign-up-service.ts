import type { Semaphore } from "../async/semaphore.js";
import type { SignUpCatalog } from "../catalog/catalog.js";
import type { CessAccount } from "../model/account.js";
import type { Clock } from "../model/clock.js";
import { defined } from "../model/defined.js";
import { globOf, matchesGlob } from "../model/glob.js";
import { ethereumSigner, signedBy, type WalletAddress, type WalletType } from "../network/chain/wallets.js";
import type { Challenge, Challenges, Purpose } from "./challenge.js";
import type { Authorizations, AuthorizationOffer } from "./authorizations.js";
import { SignUpRefusal, tooOften } from "./refusal.js";
import type { IssuedKey, SignUpChain, SignUpIdentities, SignUpRecord, SignUpSettings } from "./sign-up.js";

export interface SignUpComponents {
  readonly challenges: Challenges;
  readonly chain: SignUpChain;
  readonly identities: SignUpIdentities;
  readonly authorizations: Authorizations;
  readonly used: Pick<SignUpCatalog, "useChallenge">;
  readonly audit: SignUpRecord;
  readonly clock: Clock;
  /** How often an account may do what needs its signature: how long to wait, ms, or 0. */
  readonly rate: { take(account: string): number };
  /**
   * What is done for one account, its group, is done one after the other, so that two requests cannot pass a limit
   * together.
   */
  readonly turns: Pick<Semaphore, "run">;
}

/** A challenge with its signature. */
export interface SignedChallenge {
  readonly account: WalletAddress;
  readonly challenge: string;
  readonly signature: Uint8Array;
  readonly type: WalletType;
}

export interface KeyAnswer extends IssuedKey {
  readonly secretAccessKey: string;
  readonly account: CessAccount;
  readonly territory: string;
  readonly endpoint: string;
  readonly region: string;
  /** Whether the account has authorized this gateway on the chain: before, nothing can be stored. */
  readonly authorized: boolean;
  /** Absent when it is authorized. */
  readonly authorization?: AuthorizationOffer;
}

const DAY_MS = 86_400_000;
/** Stands for all accounts that are to be made. */
const NEW_ACCOUNTS = "new accounts";

/** S3 access keys for whoever proves that a CESS account with a territory is theirs. All reject with SignUpRefusal. */
export class SignUpService {
  constructor(
    private readonly components: SignUpComponents,
    private readonly settings: SignUpSettings,
  ) {}

  async challenge(
    account: WalletAddress,
    purpose: Purpose,
  ): Promise<{ readonly challenge: string; readonly expires: string }> {
    const { challenges, chain } = this.components;
    const { text, expiresAt } = challenges.make(account, purpose, await chain.genesis());
    return { challenge: text, expires: new Date(expiresAt).toISOString() };
  }

  /** `from`: the requester's address, for the audit log. */
  async createKey(signed: SignedChallenge, wanted: string | undefined, from: string): Promise<KeyAnswer> {
    const { challenge, account } = await this.verify(signed, { kind: "key" });
    const make = () =>
      this.inTurn(account, async () => {
        const { chain, identities, audit, authorizations } = this.components;
        const territory = await this.territory(account, wanted);
        this.requireAccount(account, territory);
        await this.requireRoomForKey(account);
        const authorized = await chain.authorized(account);
        const authorization = authorized ? undefined : await authorizations.offer(canAuthorize(signed, account));
        // From here on the challenge is used up, whatever becomes of the rest.
        await this.use(challenge);
        const by = `wallet ${account} from ${from}`;
        if (!identities.find(account)) {
          await identities.add(account, territory);
          await audit.record({ act: "sign up", by, subject: account, result: "done", details: { territory } });
        }
        const { keyDays, endpoint, region } = this.settings;
        const key = await identities.createKey(account, keyDays === 0 ? undefined : this.now + keyDays * DAY_MS);
        await audit.record({ act: "create key", by, subject: account, result: "done", made: key.accessKeyId });
        return defined({ ...key, account, territory, endpoint: endpoint(), region, authorized, authorization });
      });
    // New accounts one after the other, too: together they could pass the limit of accounts.
    return this.components.identities.find(account) ? make() : this.inTurn(NEW_ACCOUNTS, make);
  }

  async revokeKey(signed: SignedChallenge, accessKeyId: string, from: string): Promise<{ readonly revoked: string }> {
    const { challenge, account } = await this.verify(signed, { kind: "revoke", accessKeyId });
    return this.inTurn(account, async () => {
      const { identities, audit } = this.components;
      const own = identities.find(account)?.signedUp ? await identities.keys(account) : [];
      if (!own.some((key) => key.accessKeyId === accessKeyId))
        throw new SignUpRefusal(404, "NoSuchKey", `The account ${account} has no access key ${accessKeyId}.`);
      await this.use(challenge);
      await identities.revokeKey(accessKeyId);
      const by = `wallet ${account} from ${from}`;
      await audit.record({ act: "revoke key", by, subject: accessKeyId, result: "done" });
      return { revoked: accessKeyId };
    });
  }

  private inTurn<T>(account: string, work: () => Promise<T>): Promise<T> {
    const { turns, identities } = this.components;
    return turns.run(() => identities.alone(account, work), { group: account });
  }

  private get now(): number {
    return this.components.clock.now();
  }

  /** The account whose wallet has signed the challenge. */
  private async verify(
    { account: address, challenge: text, signature, type }: SignedChallenge,
    purpose: Purpose,
  ): Promise<{ readonly challenge: Challenge; readonly account: CessAccount }> {
    const { challenges, chain, rate } = this.components;
    const challenge = challenges.read(text, address, purpose, await chain.genesis());
    const account = signedBy(address, type, Buffer.from(text), signature);
    if (account === undefined)
      throw new SignUpRefusal(
        401,
        "SignatureDoesNotMatch",
        `The signature of the challenge is not that of ${address}.`,
      );
    // Only whoever holds the key can use up its share.
    const waitMs = rate.take(account);
    if (waitMs > 0) throw tooOften(waitMs);
    return { challenge, account };
  }

  private async use({ nonce, expiresAt }: Challenge): Promise<void> {
    if (await this.components.used.useChallenge(nonce, expiresAt)) return;
    throw new SignUpRefusal(401, "ChallengeUsed", "The challenge was used before: ask for another one.");
  }

  /** The one territory of the account that keys may be for. */
  private async territory(account: CessAccount, wanted: string | undefined): Promise<string> {
    const pattern = globOf(this.settings.territory);
    const all = await this.components.chain.territories(account);
    const active = all.filter(({ name, state }) => state === "active" && matchesGlob(pattern, name));
    const known = this.components.identities.find(account)?.territory;
    const chosen = active.filter(({ name }) => name === (wanted ?? known ?? name));
    const [only, ...others] = chosen;
    if (only && others.length === 0) return only.name;
    const names = active.map(({ name }) => name).slice(0, 100);
    if (only)
      throw new SignUpRefusal(
        409,
        "TerritoryNotChosen",
        `The account ${account} has several territories: name one of them.`,
        {
          members: { territories: names },
        },
      );
    throw new SignUpRefusal(
      403,
      "NoTerritory",
      `The account ${account} has no active territory ${wanted === undefined ? "" : `${JSON.stringify(wanted.slice(0, 63))} `}` +
        `that this gateway gives keys for (${this.settings.territory}): buy one first.`,
      { members: { territories: names } },
    );
  }

  /** Whether the account may have a key: as it is here, or as it will be made. */
  private requireAccount(account: CessAccount, territory: string): void {
    const { identities } = this.components;
    const known = identities.find(account);
    if (!known) {
      if (identities.count() < this.settings.maxAccounts) return;
      throw new SignUpRefusal(403, "SignUpFull", "This gateway takes no further accounts. Ask its operator.");
    }
    if (!known.signedUp)
      throw new SignUpRefusal(
        409,
        "AccountOfOperator",
        `The account ${account} is one of the operator's: ask them for a key.`,
      );
    if (known.disabled)
      throw new SignUpRefusal(403, "AccountDisabled", `The operator has disabled the account ${account}.`);
    if (known.territory !== territory)
      throw new SignUpRefusal(
        409,
        "TerritoryDiffers",
        `The account ${account} stores in the territory ${known.territory} here. Only the operator can change that.`,
      );
  }

  /** Removes keys that are over. */
  private async requireRoomForKey(account: CessAccount): Promise<void> {
    const { identities } = this.components;
    if (!identities.find(account)) return;
    const valid: IssuedKey[] = [];
    for (const key of await identities.keys(account))
      if (key.expires !== undefined && Date.parse(key.expires) <= this.now) await identities.revokeKey(key.accessKeyId);
      else valid.push(key);
    if (valid.length < this.settings.maxKeys) return;
    throw new SignUpRefusal(
      409,
      "TooManyKeys",
      `The account has ${valid.length} access keys, as many as it may: end one with DELETE /v1/keys/ID.`,
      { members: { keys: valid } },
    );
  }
}

/** The type of wallet that can authorize by proxy for the account; undefined where the runtime takes no such signature of it. */
function canAuthorize({ type, challenge, signature }: SignedChallenge, account: CessAccount): WalletType | undefined {
  const own = type === "sr25519" || ethereumSigner(Buffer.from(challenge), signature)?.account === account;
  return own ? type : undefined;
}
