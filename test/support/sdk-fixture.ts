import { createHash } from "node:crypto";
import { Keyring } from "@polkadot/keyring";
import type { KeyringPair } from "@polkadot/keyring/types";
import { u8aToHex } from "@polkadot/util";
import { base58Encode, cryptoWaitReady } from "@polkadot/util-crypto";
import type { Account, CessAccount } from "../../src/model/account.js";
import { GIB } from "../../src/model/sizes.js";
import { AccessTokens } from "../../src/sdk/access-tokens.js";
import { AccountFiles, type AccountFilesSettings } from "../../src/sdk/account-files.js";
import { BatchUploads } from "../../src/sdk/batch-uploads.js";
import { ChunkOrder } from "../../src/sdk/chunk-order.js";
import { SdkApi, type SdkComponents } from "../../src/sdk/sdk-api.js";
import { ManualClock } from "./manual-clock.js";
import { PublicFixture } from "./public-fixture.js";
import { alice, type TestGatewaySettings } from "./test-gateway.js";

interface Envelope {
  readonly code: number;
  readonly msg: string;
  readonly data: unknown;
}

export interface Answered {
  readonly status: number;
  readonly envelope: Envelope;
}

/** A public listener with the API of the CESS SDKs, asked in the words of their clients. */
export class SdkFixture {
  private constructor(
    readonly clock: ManualClock,
    readonly on: PublicFixture,
    readonly pair: KeyringPair,
    readonly stranger: KeyringPair,
    /** Whose CESS account signs. */
    readonly user: Account,
    readonly files: AccountFiles,
    readonly api: SdkApi,
    readonly base: string,
  ) {}

  static async open(
    more: Partial<SdkComponents> = {},
    settings: Partial<AccountFilesSettings> = {},
    gatewaySettings: TestGatewaySettings = {},
  ): Promise<SdkFixture> {
    await cryptoWaitReady();
    const ring = new Keyring({ type: "sr25519", ss58Format: 11_330 });
    const [pair, stranger] = [ring.addFromUri("//Sdk"), ring.addFromUri("//Stranger")];
    const user: Account = { ...alice, cessAccount: pair.address as CessAccount };
    const on = await PublicFixture.open(gatewaySettings);
    on.gateway.chain.addTerritory(user.cessAccount, user.territory, BigInt(64 * GIB));
    const { cess: gateway, catalog } = on.gateway;
    const clock = new ManualClock();
    // Years after 1970, as times in messages are.
    await clock.advance(1_700_000_000_000);
    const tokens = new AccessTokens({ keys: [new Uint8Array(32).fill(7)], clock });
    const files = new AccountFiles(
      {
        gateway,
        findBucket: (name) => catalog.buckets.get(name),
        uses: (fid) => catalog.files.objectsWith(fid),
        // No job runs here: tests encode what they want encoded.
        isEncoded: () => Promise.resolve(true),
        clock,
      },
      { bucket: "cess-sdk", encryption: "none", public: false, networkBucket: "", ...settings },
    );
    const batches = new BatchUploads({
      files,
      tokens,
      gateway,
      order: new ChunkOrder(clock),
      catalog: {
        upload: (bucket, key, id) => catalog.uploads.get(bucket, key, id),
        parts: (id) => catalog.uploads.parts(id),
        result: (id) => catalog.uploads.result(id),
      },
    });
    const accountOf = (account: CessAccount) => (account === user.cessAccount ? user : undefined);
    const api = new SdkApi({ clock, tokens, files, batches, accountOf, ...more }, { tokenSeconds: 3600 });
    const base = await on.serve({ routes: api.routes, holdersFile: api.holdersFile });
    return new SdkFixture(clock, on, pair, stranger, user, files, api, base);
  }

  close(): Promise<void> {
    return this.on.close();
  }

  get now(): number {
    return this.clock.now();
  }

  async ask(path: string, options: RequestInit): Promise<Answered> {
    const answer = await fetch(`${this.base}${path}`, { redirect: "manual", ...options });
    return { status: answer.status, envelope: (await answer.json()) as Envelope };
  }

  /** As the SDKs ask for a token. */
  async askToken(pair = this.pair, changed: Readonly<Record<string, string>> = {}): Promise<Answered> {
    const message = changed["message"] ?? String(Math.floor(this.now / 1000));
    const digest = createHash("sha256").update(message).digest();
    const signed = Buffer.concat([Buffer.from("<Bytes>"), digest, Buffer.from("</Bytes>")]);
    const sign = u8aToHex(pair.sign(signed)).slice(2);
    const body = new URLSearchParams({ account: pair.address, message, sign, ...changed });
    return this.ask("/gateway/gentoken", { method: "POST", body });
  }

  async token(): Promise<string> {
    const { status, envelope } = await this.askToken();
    if (status !== 200) throw new Error(JSON.stringify(envelope));
    return envelope.data as string;
  }

  /** As the SDKs upload a file: the fields, then the file. */
  async upload(
    token: string,
    name: string,
    bytes: Uint8Array,
    fields: Readonly<Record<string, string>> = { territory: this.user.territory },
  ): Promise<Answered> {
    const form = new FormData();
    for (const [field, value] of Object.entries(fields)) form.append(field, value);
    form.append("file", new Blob([bytes]), name);
    return this.ask("/gateway/upload/file", { method: "POST", headers: { token: `Bearer ${token}` }, body: form });
  }

  requestBatch(token: string, name: string, size: number, more: object = {}): Promise<Answered> {
    return this.ask("/gateway/upload/batch/request", {
      method: "POST",
      headers: { token: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ file_name: name, territory: this.user.territory, total_size: size, ...more }),
    });
  }

  chunk(token: string, hash: string, bytes: Uint8Array, start: number, end: number): Promise<Answered> {
    const form = new FormData();
    form.append("file", new Blob([bytes.subarray(start, end)]), "part");
    const headers = { token: `Bearer ${token}`, hash, Range: `bytes=${start}-${end}` };
    return this.ask("/gateway/upload/batch/file", { method: "POST", headers, body: form });
  }

  /** DeOSS's headers, signed until five minutes from now. */
  signed(pair = this.pair, message = String(Math.floor(this.now / 1000) + 300)): Record<string, string> {
    const signature = base58Encode(pair.sign(message));
    return { Account: pair.address, Message: message, Signature: signature, Territory: this.user.territory };
  }
}
