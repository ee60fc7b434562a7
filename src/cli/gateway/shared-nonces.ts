import type { Catalog } from "../../catalog/catalog.js";
import { ExtrinsicLost } from "../../network/chain/chain.js";
import type { DueExtrinsics, Nonces, SentExtrinsic } from "../../network/chain/nonces.js";

export interface SharedNoncesComponents {
  readonly catalog: Pick<Catalog, "extrinsics">;
  readonly log: { warn(fields: object, message: string): void };
}

export interface SharedNoncesSettings {
  /** The signing account's address. */
  readonly account: string;
  /** How long a nonce may wait for its signature, ms; then it is anybody's again. */
  readonly reserveMs: number;
}

/**
 * A nonce that is not used for so many final blocks, while later ones are, is a gap: before, whoever gave it back, or another
 * gateway, may be about to use it, and another gateway may know a newer final block.
 */
const GAP_BLOCKS = 3;

/**
 * The nonces of an account that several gateways sign for: the catalog has those that are taken, and the bytes that were
 * signed with them, so that any gateway can send again what one that died had signed.
 */
export class SharedNonces implements Nonces {
  /** The chain is asked each time: another gateway may have got ahead. */
  readonly unknown = true;
  /** Ids of the rows of this process, by nonce. */
  private readonly own = new Map<number, string>();
  private gap: { readonly nonce: number; readonly since: number } | undefined;

  constructor(
    private readonly components: SharedNoncesComponents,
    private readonly settings: SharedNoncesSettings,
  ) {}

  async take(next: number | undefined): Promise<number> {
    if (next === undefined) throw new Error("the chain must be asked for the next nonce");
    const { account, reserveMs } = this.settings;
    const { id, nonce } = await this.components.catalog.extrinsics.take(account, next, reserveMs);
    this.own.set(nonce, id);
    return nonce;
  }

  async signed(nonce: number, { hex: bytes, untilBlock, sentAt: block }: SentExtrinsic): Promise<void> {
    const id = this.own.get(nonce) ?? "";
    if (await this.components.catalog.extrinsics.sign(id, { bytes, untilBlock, block })) return;
    throw new ExtrinsicLost(`it took too long to sign, and another gateway has got nonce ${nonce}`);
  }

  /** The row goes with the final block's count. */
  spent(nonce: number): void {
    this.own.delete(nonce);
  }

  async release(nonce: number): Promise<void> {
    const id = this.own.get(nonce) ?? "";
    this.own.delete(nonce);
    // Without bytes it is free after a while, with bytes at the end of its era.
    await this.components.catalog.extrinsics.drop(id).catch((err: unknown) => {
      this.components.log.warn({ nonce, err }, "a nonce could not be given back; it will be free later");
    });
  }

  forget(): void {
    this.gap = undefined;
  }

  async others(): Promise<boolean> {
    return (await this.components.catalog.extrinsics.open(this.settings.account)).length > 0;
  }

  async finalized(block: number, nonce: number, resendBefore: number): Promise<DueExtrinsics> {
    const { account } = this.settings;
    const { extrinsics } = this.components.catalog;
    await extrinsics.settle(account, { block, nonce });
    const resend = await extrinsics.resend(account, { block, before: resendBefore, except: [...this.own.values()] });
    return { resend, gap: await this.hasGap(block, nonce) };
  }

  private async hasGap(block: number, nonce: number): Promise<boolean> {
    const open = await this.components.catalog.extrinsics.open(this.settings.account);
    if (open.length === 0 || open.some((taken) => taken.nonce === nonce)) {
      this.gap = undefined;
      return false;
    }
    if (this.gap?.nonce !== nonce) this.gap = { nonce, since: block };
    return block - this.gap.since >= GAP_BLOCKS;
  }
}
