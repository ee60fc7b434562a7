import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiPromise, Keyring, WsProvider } from "@polkadot/api";
import type { SubmittableExtrinsic } from "@polkadot/api/types";
import type { ProviderInterface } from "@polkadot/rpc-provider/types";
import type { KeyringPair } from "@polkadot/keyring/types";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { startDevChain, type DevChain } from "../../../src/devnet/chain/dev-chain.js";
import type { Spec } from "../../../src/devnet/chain/cess-types.js";

export type Tx = SubmittableExtrinsic<"promise">;

export const TOKEN = 10n ** 18n;
export const MIB = 1024n ** 2n;
const NEVER_MS = 3_600_000;

await cryptoWaitReady();
const keyring = new Keyring({ type: "sr25519", ss58Format: 11_330 });

export function account(name: string): KeyringPair {
  return keyring.addFromUri(`//${name}`);
}

export interface Outcome {
  /** `fileBank.NoPermission`; undefined: it succeeded. */
  readonly error: string | undefined;
  /** `fileBank.UploadDeclaration`, in order, without what every extrinsic has. */
  readonly events: readonly string[];
}

const USUAL = [
  "balances.Withdraw",
  "transactionPayment.TransactionFeePaid",
  "system.ExtrinsicSuccess",
  "system.ExtrinsicFailed",
];

/** A chain whose blocks are built on demand, and polkadot.js connected to it. */
export class ChainClient {
  constructor(
    readonly devChain: DevChain,
    readonly api: ApiPromise,
    readonly folder: string,
  ) {}

  static async start(
    spec: Spec,
    given: { blockMs?: number; dayBlocks?: number; accounts?: KeyringPair[]; folder?: string } = {},
  ): Promise<ChainClient> {
    const folder = given.folder ?? (await mkdtemp(join(tmpdir(), "dev-chain-")));
    const { blockMs = NEVER_MS, dayBlocks = 14_400, accounts = [account("Alice")] } = given;
    const balances = Object.fromEntries(accounts.map(({ address }) => [address, 1_000_000n * TOKEN]));
    const devChain = await startDevChain({}, { folder, port: 0, spec, blockMs, dayBlocks, genesis: { balances } });
    return new ChainClient(devChain, await connect(devChain.endpoint), folder);
  }

  /** Signs, submits, builds a block and says what came of it. */
  async run(signer: KeyringPair, tx: Tx): Promise<Outcome> {
    await this.submit(signer, tx);
    return this.outcome(this.build());
  }

  async submit(signer: KeyringPair, tx: Tx, nonce?: number): Promise<string> {
    const next = nonce ?? (await this.api.rpc.system.accountNextIndex(signer.address)).toNumber();
    const signed = await tx.signAsync(signer, { nonce: next, era: 0 });
    return (await this.api.rpc.author.submitExtrinsic(signed)).toHex();
  }

  build(): string {
    return `0x${this.devChain.chain.build().hash}`;
  }

  /** Of the `index`-th extrinsic of a block; 0 is the timestamp. */
  async outcome(block: string, index = 1): Promise<Outcome> {
    const at = await this.api.at(block);
    const records = (await at.query.system!.events!()) as unknown as {
      phase: { isApplyExtrinsic: boolean; asApplyExtrinsic: { toNumber(): number } };
      event: { section: string; method: string; data: unknown[] };
    }[];
    const own = records.filter(({ phase }) => phase.isApplyExtrinsic && phase.asApplyExtrinsic.toNumber() === index);
    const names = own.map(({ event }) => `${event.section}.${event.method}`);
    const failed = own.find(({ event }) => event.method === "ExtrinsicFailed");
    const error = failed && this.errorName(failed.event.data[0]);
    return { error, events: names.filter((name) => !USUAL.includes(name)) };
  }

  errorName(error: unknown): string {
    const dispatch = error as { isModule: boolean; asModule: never; type: string };
    if (!dispatch.isModule) return dispatch.type;
    const { section, name } = this.api.registry.findMetaError(dispatch.asModule);
    return `${section}.${name}`;
  }

  async query(section: string, item: string, ...args: unknown[]): Promise<Record<string, never> | null> {
    return (await this.api.query[section]![item]!(...args)).toJSON() as Record<string, never> | null;
  }

  async close(): Promise<void> {
    await this.api.disconnect();
    await this.devChain.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export async function connect(endpoint: string): Promise<ApiPromise> {
  return ApiPromise.create({
    provider: new WsProvider(endpoint, 100) as unknown as ProviderInterface,
    signedExtensions: { CheckMqSequence: { extrinsic: {}, payload: {} } },
    noInitWarn: true,
  });
}
