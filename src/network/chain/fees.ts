import type { SubmittableExtrinsic } from "@polkadot/api/types";
import type { Codec } from "@polkadot/types/types";
import type { CessAccount } from "../../model/account.js";
import type { Hash } from "../../model/hash.js";
import { FRAGMENTS } from "../../model/sizes.js";
import { queryArguments } from "./batch-limits.js";
import { ChainUnavailable } from "./chain.js";
import { asBigInt, field, hashArgument, textArgument } from "./codec.js";
import type { Connection } from "./connection.js";
import { call } from "./extrinsics.js";
import type { Link } from "./link.js";

/** Of the length of a call that says nothing of its own: accounts and hashes are as long as all others. */
const SAMPLE_HASH = "0".repeat(64) as Hash;
const SAMPLE_NAME = "n".repeat(32);

/** In the token's smallest units, by the runtime's own estimate, for the extrinsic with a signature of the right length. */
export async function feeOf(
  link: Link,
  extrinsic: SubmittableExtrinsic<"promise">,
  account: CessAccount,
): Promise<bigint> {
  const { api } = link;
  const query = api.call["transactionPaymentApi"]?.["queryInfo"];
  if (query === undefined) throw new ChainUnavailable(`${link.name}: this runtime does not tell its fees`);
  extrinsic.signFake(account, {
    nonce: 0,
    era: api.registry.createType("ExtrinsicEra", { current: 0, period: 64 }),
    blockHash: api.genesisHash,
    genesisHash: api.genesisHash,
    runtimeVersion: api.runtimeVersion,
  });
  const info = await query<Codec>(...queryArguments(extrinsic));
  return asBigInt(field(info, "partialFee"));
}

/** The fee of ordering a file of so many segments, which the gateway's account pays. Rejects with ChainUnavailable. */
export function declarationFee(connection: Connection, owner: CessAccount, segments: number): Promise<bigint> {
  return connection.call((link) => {
    const hash = hashArgument(SAMPLE_HASH);
    const name = textArgument(SAMPLE_NAME);
    const list = Array.from({ length: segments }, () => ({
      hash,
      fragmentList: Array<string>(FRAGMENTS).fill(hash),
    }));
    const brief = { user: owner, fileName: name, bucketName: textArgument("cess"), territoryName: name };
    return feeOf(link, call(link.api, "fileBank", "uploadDeclaration", [hash, list, brief, 0]), owner);
  });
}
