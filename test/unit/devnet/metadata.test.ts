import { expect } from "chai";
import { Metadata, TypeRegistry } from "@polkadot/types";
import { type Spec, SPECS } from "../../../src/devnet/chain/cess-types.js";
import { Runtime } from "../../../src/devnet/chain/runtime.js";
import { silentLogger } from "../../../src/devnet/chain/logger.js";

/** Facts of the real runtimes, by hand: 100 from its metadata, 133 from its source; 136 has 133's shapes. */
const CALLS: readonly [call: string, at100: string | undefined, at133: string | undefined][] = [
  [
    "fileBank.upload_declaration",
    "104/0 file_hash deal_info user_brief file_size",
    "104/0 file_hash deal_info user_brief file_size",
  ],
  [
    "fileBank.territory_file_delivery",
    "104/2 user file_hash target_territory",
    "104/2 user file_hash target_territory",
  ],
  ["fileBank.transfer_report", "104/3 index deal_hash", "104/3 index deal_hash"],
  ["fileBank.delete_file", "104/6 owner file_hash", "104/6 owner file_hash"],
  ["fileBank.create_bucket", "104/11 owner name", undefined],
  ["fileBank.restoral_order_complete", "104/16 fragment_hash", "104/16 fragment_hash"],
  [
    "sminer.regnstk",
    "105/0 beneficiary peer_id staking_val tib_count",
    "105/0 beneficiary endpoint staking_val tib_count",
  ],
  ["sminer.update_peer_id", "105/3 peer_id", undefined],
  ["sminer.update_endpoint", undefined, "105/3 endpoint"],
  ["sminer.increase_declaration_space", "105/18 tib_count", "105/18 tib_count"],
  ["storageHandler.mint_territory", "107/0 gib_count territory_name days", "107/0 gib_count territory_name days"],
  ["storageHandler.reactivate_territory", "107/101 territory_name days", "107/101 territory_name days"],
  ["storageHandler.other_reactivate_territory", undefined, "107/120 target_acc territory_name days"],
  ["oss.authorize", "108/0 operator", "108/0 operator"],
  ["oss.proxy_authorzie", "108/5 auth_puk sig payload", "108/5 auth_puk sig payload"],
  ["utility.batch_all", "1/2 calls", "1/2 calls"],
  ["balances.transfer_keep_alive", "6/3 dest value", "6/3 dest value"],
  ["timestamp.set", "3/0 now", "3/0 now"],
];
const ERRORS: readonly [error: string, at100: number | undefined, at133: number | undefined][] = [
  ["fileBank.NoPermission", 14, 14],
  ["fileBank.SameBucketName", 15, undefined],
  ["fileBank.NonExistent", 16, 15],
  ["fileBank.SpecError", 21, 20],
  ["fileBank.InsufficientAvailableSpace", 23, 22],
  ["fileBank.NotActive", 33, 32],
  ["sminer.NotMiner", 0, 0],
  ["sminer.ExceedRelease", 25, 25],
  ["sminer.UnableReduceDeclaration", undefined, 26],
  ["storageHandler.NotHaveTerritory", 16, 16],
  ["storageHandler.BoundariesNotMet", 32, 32],
  ["storageHandler.DuplicateName", undefined, 33],
  ["oss.Expired", 8, 8],
  ["oss.ConvertError", undefined, 9],
];
const EVENTS: readonly [event: string, at100: number | undefined, at133: number | undefined][] = [
  ["fileBank.UploadDeclaration", 0, 0],
  ["fileBank.CreateBucket", 6, undefined],
  ["fileBank.StorageCompleted", 11, 9],
  ["fileBank.TerritoryFileDelivery", 13, 11],
  ["sminer.UpdatePeerId", 9, undefined],
  ["sminer.UpdateEndPoint", undefined, 9],
  ["storageHandler.MintTerritory", 7, 7],
  ["oss.OssDestroy", 4, 4],
  ["utility.BatchInterrupted", 0, 0],
];
const STRUCTS: readonly [path: string, at100: string, at133: string][] = [
  ["UserBrief", "user file_name bucket_name territory_name", "user file_name territory_name"],
  ["DealInfo", "file_size segment_list user complete_list", "file_size segment_list user complete_list"],
  ["FileInfo", "segment_list owner file_size completion stat", "segment_list owner file_size completion stat"],
  [
    "TerritoryInfo",
    "token total_space used_space locked_space remaining_space start deadline state",
    "token total_space used_space locked_space remaining_space start deadline state",
  ],
  [
    "MinerInfo",
    "beneficiary staking_account peer_id collaterals debt state declaration_space idle_space service_space lock_space space_proof_info service_bloom_filter tee_signature",
    "beneficiary staking_account endpoint collaterals debt state declaration_space idle_space service_space lock_space space_proof_info service_bloom_filter tee_signature",
  ],
];

for (const spec of SPECS) {
  const column = spec === 100 ? 0 : 1;
  describe(`the dev chain's metadata at spec ${spec}`, () => {
    const found = describeMetadata(spec);
    const gone = spec === 136 ? ["storageHandler.other_reactivate_territory"] : [];
    const expected = <T>(rows: readonly (readonly [string, T, T])[]): (readonly [string, T])[] =>
      rows.map((row) => [row[0], row[1 + column] as T]);

    it("has the real runtime's calls, by index and argument names", () => {
      for (const [name, fact] of expected(CALLS))
        expect(found.calls.get(name), name).to.equal(gone.includes(name) ? undefined : fact);
    });

    it("has the real runtime's errors and events, by index", () => {
      for (const [name, index] of expected(ERRORS)) expect(found.errors.get(name), name).to.equal(index);
      for (const [name, index] of expected(EVENTS)) expect(found.events.get(name), name).to.equal(index);
    });

    it("has the real runtime's structs, by field names in order", () => {
      for (const [name, names] of expected(STRUCTS)) expect(found.structs.get(name), name).to.equal(names);
    });

    it("has the signed extensions of the real runtime, in its order", () => {
      expect(found.extensions.join(" ")).to.equal(
        "CheckNonZeroSender CheckSpecVersion CheckTxVersion CheckGenesis CheckMortality CheckNonce CheckWeight " +
          `${spec === 136 ? "" : "CheckMqSequence "}ChargeTransactionPayment`,
      );
    });
  });
}

function describeMetadata(spec: Spec) {
  const registry = new TypeRegistry();
  const metadata = new Metadata(
    registry,
    new Runtime({ logger: silentLogger }, { spec, blockMs: 6000, dayBlocks: 14_400 }).metadata,
  );
  registry.setMetadata(metadata, undefined, { CheckMqSequence: { extrinsic: {}, payload: {} } });
  const { lookup, pallets, extrinsic } = metadata.asV14;
  const calls = new Map<string, string>();
  const errors = new Map<string, number>();
  const events = new Map<string, number>();
  for (const pallet of pallets) {
    const section = `${pallet.name.toString().charAt(0).toLowerCase()}${pallet.name.toString().slice(1)}`;
    const each = (type: typeof pallet.calls, put: (name: string, index: number, fields: string) => void): void => {
      if (type.isNone) return;
      for (const { name, index, fields } of lookup.getSiType(type.unwrap().type).def.asVariant.variants) {
        put(
          `${section}.${name.toString()}`,
          index.toNumber(),
          fields.map((field) => field.name.unwrap().toString()).join(" "),
        );
      }
    };
    each(pallet.calls, (name, index, fields) => calls.set(name, `${pallet.index.toString()}/${index} ${fields}`));
    each(pallet.errors, (name, index) => errors.set(name, index));
    each(pallet.events, (name, index) => events.set(name, index));
  }
  const composites = lookup.types.filter(({ type }) => type.def.isComposite && type.path.length > 0);
  const structs = new Map(
    composites.map(({ type }) => [
      type.path.at(-1)!.toString(),
      type.def.asComposite.fields.map((field) => field.name.unwrapOr("").toString()).join(" "),
    ]),
  );
  return {
    calls,
    errors,
    events,
    structs,
    extensions: extrinsic.signedExtensions.map(({ identifier }) => identifier.toString()),
  };
}
