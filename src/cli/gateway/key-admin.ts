import { randomBytes } from "node:crypto";
import { AdminRefusal } from "../../admin/admin-server.js";
import type { Catalog, StoredKey } from "../../catalog/catalog.js";
import type { KeyRing } from "../../keys/key-ring.js";
import type { AccessKey, KeyLimits } from "../../model/account.js";
import type { Clock } from "../../model/clock.js";
import { defined } from "../../model/defined.js";
import { secretPurpose } from "../secret-purpose.js";
import { noAccount } from "./account-admin.js";
import type { Accounts } from "./accounts.js";
import { newKeySchema, parseBody, policyText, type CreatedKeyView, type KeyView } from "./identity-requests.js";

export interface KeyAdminComponents {
  readonly accounts: Accounts;
  readonly catalog: Pick<Catalog, "identities" | "keyUses">;
  readonly keys: Pick<KeyRing, "seal" | "masterId">;
  readonly clock: Clock;
}

/** Characters of a generated access key ID after `CESS`: 80 random bits, so that no two are the same. */
const ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ID_CHARACTERS = 16;
/** 40 characters in base64url, as many as AWS's secrets have. */
const SECRET_BYTES = 30;

/** What an operator does with access keys. A change counts from the next request on. All reject with AdminRefusal. */
export class KeyAdmin {
  constructor(private readonly components: KeyAdminComponents) {}

  async list(): Promise<KeyView[]> {
    const { accounts, catalog } = this.components;
    const stored = await catalog.identities.keys();
    return [...accounts.configuredKeys.map(configuredKeyView), ...stored.map((key) => this.view(key))];
  }

  /** The only answer that has the secret. */
  async create(body: unknown): Promise<CreatedKeyView> {
    const { accounts, catalog, keys, clock } = this.components;
    const { account: name, policy, expires, buckets, prefixes, permission } = parseBody(newKeySchema, body);
    const account = accounts.named(name);
    if (!account) throw noAccount(name);
    const expiresAt = expires === undefined ? undefined : Date.parse(expires);
    if (expiresAt !== undefined && expiresAt <= clock.now())
      throw new AdminRefusal(400, `expires: ${expires} is over already`);
    const limits: KeyLimits = defined({ buckets, prefixes, permission, expiresAt });
    const accessKeyId = newAccessKeyId();
    const secretAccessKey = randomBytes(SECRET_BYTES).toString("base64url");
    const key = defined({
      accessKeyId,
      account: account.id,
      sealedSecret: keys.seal(secretAccessKey, secretPurpose(accessKeyId)),
      limits,
      policy: policy === undefined ? undefined : policyText(policy),
    });
    // Recorded first: a start without this master key must be refused, because it could not open the secret.
    await catalog.keyUses.record(keys.masterId);
    if ((await accounts.lookup(accessKeyId)) || !(await catalog.identities.addKey(key)))
      throw new AdminRefusal(409, `there is an access key ${accessKeyId} already: try again`);
    await accounts.refresh();
    return { ...this.view({ ...key, createdAt: clock.now() }), secretAccessKey };
  }

  async revoke(accessKeyId: string): Promise<{ readonly revoked: string }> {
    const { accounts, catalog } = this.components;
    const removed = await catalog.identities.removeKey(accessKeyId);
    await accounts.refresh();
    if (removed) return { revoked: accessKeyId };
    if (accounts.configuredKeys.some((key) => key.accessKeyId === accessKeyId))
      throw new AdminRefusal(409, `the access key ${accessKeyId} is one of the configuration: remove it there`);
    throw new AdminRefusal(404, `there is no access key ${accessKeyId}: cess-s3 key list shows all`);
  }

  private view({ accessKeyId, account, limits, policy, createdAt }: StoredKey): KeyView {
    return {
      accessKeyId,
      account: this.components.accounts.owner(account)?.displayName ?? account,
      from: "catalog",
      ...limitsView(limits),
      policy: policy !== undefined,
      createdAt: new Date(createdAt).toISOString(),
    };
  }
}

function configuredKeyView({ accessKeyId, account, limits, policies = [] }: AccessKey): KeyView {
  const policy = policies.length > 0;
  return { accessKeyId, account: account.displayName, from: "configuration", ...limitsView(limits), policy };
}

function limitsView({ buckets, prefixes, permission = "read-write", expiresAt }: KeyLimits = {}) {
  const expires = expiresAt === undefined ? undefined : new Date(expiresAt).toISOString();
  return defined({ buckets: buckets && [...buckets], prefixes: prefixes && [...prefixes], permission, expires });
}

/** 20 upper-case letters and digits. Those of sessions begin with ASIA, those made here never do. */
function newAccessKeyId(): string {
  const letters = Array.from(randomBytes(ID_CHARACTERS), (byte) => ID_ALPHABET[byte % ID_ALPHABET.length]);
  return `CESS${letters.join("")}`;
}
