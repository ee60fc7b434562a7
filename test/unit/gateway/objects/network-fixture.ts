import type { Job } from "../../../../src/catalog/catalog.js";
import { systemClock } from "../../../../src/async/system-clock.js";
import { NetworkBucket } from "../../../../src/gateway/objects/network-bucket.js";
import type { Account, CessAccount } from "../../../../src/model/account.js";
import { DomainError } from "../../../../src/model/errors.js";
import { type CessFile, PLAIN } from "../../../../src/model/file.js";
import type { Fid, Hash } from "../../../../src/model/hash.js";
import type { NetworkEntry } from "../../../../src/model/network-file.js";
import { HeldFiles } from "../../../../src/retrieval/held-files.js";
import type { NetworkFiles } from "../../../../src/retrieval/network-files.js";
import type { AskingGateway } from "../../../support/asking-gateway.js";
import { alice, bytesOf, TestGateway, type TestGatewaySettings } from "../../../support/test-gateway.js";

/** Alice, who may read the network. */
export const reader: Account = { ...alice, readsNetwork: true };
export const fid = "ab".repeat(32) as Fid;
/** Its deal is pending: 3 nodes have reported. */
export const pending = "ef".repeat(32) as Fid;
/** Opens the file `fid`: 4,000 bytes then. */
export const cipher = "open sesame";
export const content = bytesOf(5000, 3);

const hash = "cd".repeat(32) as Hash;
const file: CessFile = {
  fid,
  size: content.length,
  format: PLAIN,
  segments: [{ hash, fragments: Array.from({ length: 12 }, () => hash) }],
};

/** A gateway whose network has one file, and one on its way. */
export class NetworkFixture {
  /** How the chain answers for the redundancy. */
  redundancy: () => Promise<number | undefined> = () => Promise.resolve(9);
  owners: NetworkEntry["owners"] = [{ account: "cXbob" as CessAccount, fileName: "report.pdf" }];
  /** What alice holds on chain, with sizes. */
  held = new Map<Fid, number>();
  /** What has been deleted since the list was read. */
  readonly gone = new Set<Fid>();
  /** What the background does with a file that is taken over. */
  distribute: (row: string, job: Job) => Promise<unknown>;
  readonly files: NetworkFiles = {
    find: (wanted, _signal, text) => {
      if (wanted !== fid) return Promise.resolve(undefined);
      if (text === undefined) return Promise.resolve(file);
      if (text !== cipher) return Promise.reject(new DomainError({ kind: "wrongCipher" }, "not this one"));
      return Promise.resolve({ ...file, size: 4_000, format: { name: "cess-cbc", cipher } });
    },
    entry: (wanted) => {
      const { owners } = this;
      if (wanted === fid) return Promise.resolve({ fid, size: content.length, owners });
      return Promise.resolve(wanted === pending ? { fid: pending, size: 77, owners, reports: 3 } : undefined);
    },
    held: (account) => HeldFiles.of(account === reader.cessAccount ? [...this.held.keys()] : []),
    sizes: (fids) => Promise.resolve(fids.map((each) => (this.gone.has(each) ? undefined : this.held.get(each)))),
    redundancy: () => this.redundancy(),
  };

  private constructor(readonly test: TestGateway) {
    test.retrieval.contents.set(fid, content);
    this.distribute = (row) => test.catalog.files.stored(row);
  }

  static async build(): Promise<NetworkFixture> {
    return new NetworkFixture(await TestGateway.build());
  }

  open(name = "cess"): Promise<NetworkBucket | undefined> {
    return NetworkBucket.open({ catalog: this.test.catalog, files: this.files }, { name, region: "us-east-1" });
  }

  async gateway(name?: string, settings: TestGatewaySettings = {}): Promise<AskingGateway> {
    const network = await this.open(name);
    return this.test.gatewayWith(
      { clock: systemClock, files: this.files, network, onWork: () => void this.work() },
      { takeOver: { pollMs: 2, waitMs: 5_000 }, ...settings },
    );
  }

  private async work(): Promise<void> {
    for (const job of await this.test.catalog.jobs.lease(["store"], 10, 0)) await this.distribute(job.subject, job);
  }
}
