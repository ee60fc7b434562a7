import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import { ThreadEncoder } from "../../src/encoding/thread-encoder.js";
import type { CessAccount } from "../../src/model/account.js";
import { PLAIN, type SegmentHashes } from "../../src/model/file.js";
import type { Fid, Hash } from "../../src/model/hash.js";
import { FRAGMENTS, SEGMENT_SIZE } from "../../src/model/sizes.js";
import { signerFromMnemonic } from "../../src/network/chain/accounts.js";
import { CessChain } from "../../src/network/chain/chain-client.js";
import { ChainSession } from "../../src/network/chain/chain-session.js";
import { HttpNodes } from "../../src/network/nodes/http-nodes.js";
import { eventually } from "./eventually.js";

export interface Publication {
  readonly owner: CessAccount;
  readonly territory: string;
  readonly fileName: string;
  /** The FID of these segments, by the publishing gateway's rule. */
  readonly fid: (segments: readonly Hash[]) => Fid;
}

/** The FID that CD2N's retriever gives a file: SHA-256 over the raw segment hashes. */
export function cd2nFid(segments: readonly Hash[]): Fid {
  const hash = createHash("sha256");
  for (const segment of segments) hash.update(Buffer.from(segment, "hex"));
  return hash.digest("hex") as Fid;
}

/** A gateway of another kind, which stores whole files for owners that have authorized its account. */
export class ForeignGateway {
  private readonly encoder = new ThreadEncoder({ threads: 2 });

  private constructor(
    private readonly session: ChainSession,
    private readonly chain: CessChain,
    private readonly nodes: HttpNodes,
  ) {}

  static async open(chainEndpoint: string, mnemonic: string): Promise<ForeignGateway> {
    await cryptoWaitReady();
    const session = new ChainSession({ endpoints: [chainEndpoint] });
    const chain = new CessChain({ session, signer: await signerFromMnemonic(mnemonic) });
    return new ForeignGateway(session, chain, new HttpNodes({ signer: chain }, { allowPrivate: true }));
  }

  /** Stores the file at `path` (at least one byte) and resolves with its FID when the chain has it as a file. */
  async store(path: string, size: number, { owner, territory, fileName, fid: rule }: Publication): Promise<Fid> {
    const contents = Array.from({ length: Math.ceil(size / SEGMENT_SIZE) }, (_, n) => [
      { path, offset: n * SEGMENT_SIZE, length: Math.min(SEGMENT_SIZE, size - n * SEGMENT_SIZE) },
    ]);
    const segments: SegmentHashes[] = [];
    for (const content of contents) segments.push(await this.encoder.hashSegment(content, PLAIN));
    const fid = rule(segments.map(({ hash }) => hash));
    await this.chain.declare({ fid, owner, territory, fileName, size, segments }, {});
    const nodes = (await this.chain.nodes()).filter(({ state }) => state === "positive").slice(0, FRAGMENTS);
    for (const [n, content] of contents.entries()) {
      const wanted = segments[n]!.fragments.map((hash, index) => ({ index, hash }));
      const made = await this.encoder.fragments(content, PLAIN, wanted);
      await Promise.all(
        nodes.map((node, index) => this.nodes.put(node, { fid, hash: wanted[index]!.hash }, made[index]!)),
      );
    }
    await eventually("the file is stored", async () => (await this.chain.file(fid)) !== undefined);
    return fid;
  }

  async close(): Promise<void> {
    await this.encoder.close();
    await this.nodes.close();
    await this.chain.close();
    await this.session.close();
  }
}

/** A file of `segments` segments, the last of which is begun: little of it is not zeros, all of it differs. */
export async function writeSparse(path: string, segments: number): Promise<Buffer> {
  const bytes = Buffer.alloc((segments - 1) * SEGMENT_SIZE + 9_000_017);
  for (let at = 0; at < bytes.length; at += 1_000_003)
    bytes.writeUInt32LE(at + segments, Math.min(at, bytes.length - 4));
  await writeFile(path, bytes);
  return bytes;
}
