import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { secp256k1PairFromSeed, secp256k1Sign } from "@polkadot/util-crypto";
import type { z } from "zod";
import type { AuditRecord } from "../../src/admin/audit-log.js";
import type { Catalog } from "../../src/catalog/catalog.js";
import { Accounts } from "../../src/cli/gateway/accounts.js";
import { openSignUp } from "../../src/cli/gateway/sign-up.js";
import { signUpSchema } from "../../src/config/sign-up.js";
import type { KeyRing } from "../../src/keys/key-ring.js";
import type { CessAccount } from "../../src/model/account.js";
import { formatAccount, signerFromMnemonic, type Signer } from "../../src/network/chain/accounts.js";
import type { SignedAuthorization } from "../../src/network/chain/proxy-authorization.js";
import { personalMessage, type WalletType } from "../../src/network/chain/wallets.js";
import type { SignUpChain } from "../../src/sign-up/sign-up.js";
import { configured, devAccount } from "./identity-endpoint.js";
import type { ManualClock } from "./manual-clock.js";
import { testKeys } from "./test-keys.js";

/** A chain that takes every authorization that reaches it. */
export class AuthorizingChain implements SignUpChain {
  readonly account = formatAccount(Buffer.alloc(32, 9));
  readonly owned = new Map<string, { readonly name: string; readonly state: string }[]>();
  readonly operators = new Set<string>();
  readonly submitted: SignedAuthorization[] = [];
  types: readonly WalletType[] = ["sr25519", "ethereum"];
  block = 1_000;
  refusal: Error | undefined;

  constructor(readonly id = `0x${"ab".repeat(32)}`) {}

  genesis(): Promise<string> {
    return Promise.resolve(this.id);
  }

  territories(owner: CessAccount): Promise<readonly { readonly name: string; readonly state: string }[]> {
    return Promise.resolve(this.owned.get(owner) ?? []);
  }

  authorized(owner: CessAccount): Promise<boolean> {
    return Promise.resolve(this.operators.has(owner));
  }

  finalizedBlock(): Promise<number> {
    return Promise.resolve(this.block);
  }

  takesAuthorizations(type: WalletType): Promise<boolean> {
    return Promise.resolve(this.types.includes(type));
  }

  async authorizeByProxy(signed: SignedAuthorization): Promise<void> {
    this.submitted.push(signed);
    await Promise.resolve();
    if (this.refusal) throw this.refusal;
    this.operators.add(signed.account);
  }
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sign-up on a bare HTTP server, over a real catalog and real accounts. */
export class SignUpEndpoint {
  readonly acts: AuditRecord[] = [];

  private constructor(
    readonly accounts: Accounts,
    private readonly server: Server,
    acts: AuditRecord[],
  ) {
    this.acts = acts;
  }

  static async start(
    { catalog, chain, clock }: { readonly catalog: Catalog; readonly chain: SignUpChain; readonly clock: ManualClock },
    settings: z.input<typeof signUpSchema> = {},
    { keys = testKeys, trustProxy = false }: { readonly keys?: KeyRing; readonly trustProxy?: boolean } = {},
  ): Promise<SignUpEndpoint> {
    const accounts = new Accounts(configured([devAccount]), keys);
    await accounts.load(catalog);
    const acts: AuditRecord[] = [];
    const signUp = signUpSchema.parse({
      enabled: true,
      gateway: "s3.example.com",
      endpoint: "https://s3.example.com",
      rate: { requestsPerSecond: 0 },
      authorizationsPerDay: 10,
      ...settings,
    });
    const audit = { record: (act: AuditRecord) => Promise.resolve(void acts.push(act)) };
    const log = { warn: (fields: object) => void endpoint.faults.push(fields) };
    const handler = await openSignUp(
      { signUp, region: "us-east-1", trustProxy },
      { catalog, keys, chain, accounts, audit, log, clock },
      () => "http://127.0.0.1:9000",
    );
    const server = createServer((request: IncomingMessage, response) => {
      const gone = new AbortController();
      response.once("close", () => gone.abort());
      void handler.handle(request, response, gone.signal);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const endpoint = new SignUpEndpoint(accounts, server, acts);
    return endpoint;
  }

  /** What was logged. */
  readonly faults: object[] = [];

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      body: (text === "" ? {} : JSON.parse(text)) as Reply["body"],
    };
  }

  async challenge(wallet: Pick<Wallet, "account">, more: object = {}): Promise<string> {
    const { status, body } = await this.send("POST", "/v1/challenges", { account: wallet.account, ...more });
    if (status !== 201) throw new Error(`no challenge: ${JSON.stringify(body)}`);
    return body["challenge"] as string;
  }

  async key(wallet: Wallet, more: object = {}): Promise<Reply> {
    const challenge = await this.challenge(wallet);
    return this.send("POST", "/v1/keys", { ...wallet.signed(challenge), ...more });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A wallet: what it is known by, and how it signs. */
export interface Wallet {
  readonly account: string;
  readonly type: WalletType;
  sign(message: Uint8Array): string;
  /** The body of a request that shows a signed challenge. */
  signed(challenge: string): { account: string; challenge: string; signature: string; type: WalletType };
}

const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString("hex")}`;

function wallet(account: string, type: WalletType, sign: (message: Uint8Array) => Uint8Array): Wallet {
  return {
    account,
    type,
    sign: (message) => hex(sign(message)),
    signed: (challenge) => ({ account, challenge, type, signature: hex(sign(Buffer.from(challenge))) }),
  };
}

/** Signs as it is given, or in `<Bytes>…</Bytes>`. */
export async function sr25519Wallet(uri: string, wrapped = false): Promise<Wallet & { readonly signer: Signer }> {
  const signer = await signerFromMnemonic(uri);
  const wrap = (message: Uint8Array) => Buffer.concat([Buffer.from("<Bytes>"), message, Buffer.from("</Bytes>")]);
  const own = wallet(signer.account, "sr25519", (message) => signer.pair.sign(wrapped ? wrap(message) : message));
  return { ...own, signer };
}

/** Signs as personal_sign does. `account`: by which it is known. */
export function ethereumWallet(seed: number, account: string): Wallet {
  return wallet(account, "ethereum", (message) => ethereumSignature(seed, message));
}

/** `seed`: the secret key, or the byte that it consists of. */
export function ethereumSignature(seed: number | Uint8Array, message: Uint8Array): Uint8Array {
  const pair = secp256k1PairFromSeed(typeof seed === "number" ? Buffer.alloc(32, seed) : seed);
  const signature = secp256k1Sign(personalMessage(message), pair, "keccak");
  // Wallets count from 27.
  signature[64] = (signature[64] ?? 0) + 27;
  return signature;
}
