import { expect } from "chai";
import { expandMetadata, Metadata, TypeRegistry } from "@polkadot/types";
import { compactToU8a } from "@polkadot/util";
import { silentLogger } from "../../../../src/devnet/chain/logger.js";
import { Runtime } from "../../../../src/devnet/chain/runtime.js";
import { asFid, field } from "../../../../src/network/chain/codec.js";
import type { Link } from "../../../../src/network/chain/link.js";
import { readList } from "../../../../src/network/chain/storage.js";
import { ChainUnavailable } from "../../../../src/network/chain/chain.js";

const OWNER = "0x" + "11".repeat(32);

for (const spec of [100, 133] as const)
  describe(`A long list in storage, spec ${spec}`, () => {
    const registry = new TypeRegistry();
    const metadata = new Metadata(
      registry,
      new Runtime({ logger: silentLogger }, { spec, blockMs: 6000, dayBlocks: 14_400 }).metadata,
    );
    registry.setMetadata(metadata, undefined, { CheckMqSequence: { extrinsic: {}, payload: {} } });
    const creator = expandMetadata(registry, metadata).query["fileBank"]?.["userHoldFileList"];
    const query = { fileBank: { userHoldFileList: { key: () => "0x00", creator } } };
    /** A node that has these bytes in storage. */
    const link = (bytes: Uint8Array | undefined) =>
      ({
        name: "test",
        api: { registry, query },
        send: () => Promise.resolve(bytes === undefined ? null : `0x${Buffer.from(bytes).toString("hex")}`),
      }) as unknown as Link;

    const fidAt = (n: number) => n.toString(16).padStart(64, "0");
    /** An entry as the runtime encodes it: the territory's name, the hash's digits, a size of 16 bytes. */
    const entry = (n: number) =>
      Buffer.concat([Buffer.from([4 << 2]), Buffer.from("home"), Buffer.from(fidAt(n)), Buffer.alloc(16, n % 256)]);
    const list = (count: number) =>
      Buffer.concat([compactToU8a(count), ...Array.from({ length: count }, (_, n) => entry(n))]);

    async function read(bytes: Uint8Array | undefined): Promise<{ readonly fids: string[]; readonly slices: number }> {
      const fids: string[] = [];
      let slices = 0;
      for await (const some of readList(link(bytes), "fileBank", "userHoldFileList", [OWNER], "0x00")) {
        slices++;
        for (const each of some) fids.push(asFid(field(each, "fileHash")) ?? "");
      }
      return { fids, slices };
    }

    it("is read to its end, some entries at a time", async () => {
      const { fids, slices } = await read(list(5_003));
      expect(fids).to.deep.equal(Array.from({ length: 5_003 }, (_, n) => fidAt(n)));
      expect(slices).to.equal(Math.ceil(5_003 / 100));
    });

    it("may be empty, or not there", async () => {
      expect(await read(list(0))).to.deep.equal({ fids: [], slices: 0 });
      expect(await read(undefined)).to.deep.equal({ fids: [], slices: 0 });
    });

    it("is not believed when it ends too early or too late", async () => {
      const whole = list(600);
      for (const wrong of [whole.subarray(0, -1), Buffer.concat([whole, Buffer.from([0])]), whole.subarray(0, 40)]) {
        const error: unknown = await read(wrong).catch((thrown: unknown) => thrown);
        expect(error).to.be.instanceOf(ChainUnavailable);
        expect(String(error)).to.contain("does not have the shape");
      }
    });
  });
