import { ChainUnavailable } from "./chain.js";
import type { CessAccount } from "../../model/account.js";
import type { Connection } from "./connection.js";
import { asBigInt, hashArgument, textArgument } from "./codec.js";
import { call } from "./extrinsics.js";
import type { Hash } from "../../model/hash.js";
import type { Link } from "./link.js";
import { FRAGMENTS } from "../../model/sizes.js";
import { readStorage } from "./storage.js";

/** What space and orders cost at present, in tokens. */
export interface Prices {
  /** Such as TCESS. */
  readonly token: string;
  /** Of one GiB of a territory for 30 days. */
  readonly gibMonth: number;
}

const DAYS_OF_A_MONTH = 30;
/** Of the length of a call that says nothing of its own: accounts and hashes are as long as all others. */
const SAMPLE_HASH = "0".repeat(64) as Hash;
const SAMPLE_NAME = "n".repeat(32);

/** Asks the chain what space and orders cost. All reject with ChainUnavailable. */
export class ChainPrices {
  constructor(private readonly connection: Connection) {}

  prices(): Promise<Prices> {
    return this.connection.call(async (link) => {
      const price = await readStorage(link, "storageHandler", "unitPrice", []);
      if (price === undefined) throw new ChainUnavailable(`${link.name}: this chain has no price of space`);
      const unit = tokens(link, asBigInt(price));
      return {
        token: link.api.registry.chainTokens[0] ?? "tokens",
        gibMonth: isDaily(link) ? unit * DAYS_OF_A_MONTH : unit,
      };
    });
  }

  /** The fee of ordering a file of so many segments, in tokens: the gateway's account pays it. */
  declarationFee(owner: CessAccount, segments: number): Promise<number> {
    return this.connection.call(async (link) => {
      const { api } = link;
      const hash = hashArgument(SAMPLE_HASH);
      const name = textArgument(SAMPLE_NAME);
      const list = Array.from({ length: segments }, () => ({
        hash,
        fragmentList: Array<string>(FRAGMENTS).fill(hash),
      }));
      const brief = { user: owner, fileName: name, bucketName: textArgument("cess"), territoryName: name };
      const extrinsic = call(api, "fileBank", "uploadDeclaration", [hash, list, brief, 0]);
      extrinsic.signFake(owner, {
        nonce: 0,
        blockHash: api.genesisHash,
        genesisHash: api.genesisHash,
        runtimeVersion: api.runtimeVersion,
      });
      return tokens(link, await feeOf(link, extrinsic.toU8a()));
    });
  }
}

/** Newer runtimes read the unit price as that of a day; they are those that can define it anew. */
function isDaily({ api }: Link): boolean {
  return api.tx["storageHandler"]?.["defineUpdatePrice"] !== undefined;
}

/** The answer ends with the fee, 16 bytes, whatever shape the weight before it has. */
async function feeOf(link: Link, extrinsic: Uint8Array): Promise<bigint> {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(extrinsic.length);
  const argument = `0x${Buffer.concat([extrinsic, length]).toString("hex")}`;
  const answer = await link.send("state_call", ["TransactionPaymentApi_query_info", argument]);
  const bytes = Buffer.from(String(answer).slice(2), "hex");
  if (bytes.length < 16) throw new ChainUnavailable(`${link.name}: this chain tells no fees`);
  const fee = bytes.subarray(bytes.length - 16);
  return fee.readBigUInt64LE(0) + (fee.readBigUInt64LE(8) << 64n);
}

function tokens({ api }: Link, smallest: bigint): number {
  const [decimals = 18] = api.registry.chainDecimals;
  return Number(smallest) / 10 ** decimals;
}
