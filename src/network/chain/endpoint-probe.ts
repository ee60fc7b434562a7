import { asError } from "../../model/errors.js";
import { ChainUnavailable } from "./chain.js";
import { asNumber } from "./codec.js";
import { Link } from "./link.js";
import { readStorage } from "./storage.js";

/** What one endpoint says of itself and of its chain. */
export interface EndpointReport {
  /** Hash of the first block: it names the chain. */
  readonly genesis: string;
  /** As the node calls the chain: `cess-testnet`. */
  readonly chain: string;
  readonly specName: string;
  readonly specVersion: number;
  /** Whether the runtime has CESS's pallets. */
  readonly isCess: boolean;
  readonly isSyncing: boolean;
  readonly best: number;
  readonly finalized: number;
  /** The time that the best block has, ms since 1970; undefined where the runtime keeps none. */
  readonly blockTimeMs?: number;
  /** Of one question and its answer, ms. */
  readonly answerMs: number;
}

/** `unreachable`: no connection is made. `no-chain`: something answers, and not as a chain's node. */
export class EndpointFailure extends ChainUnavailable {
  constructor(
    readonly kind: "unreachable" | "no-chain",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "EndpointFailure";
  }
}

const CESS_PALLETS = ["fileBank", "storageHandler", "sminer", "oss"];
/** Of the operating system, where no connection is made. */
const CONNECTING = /^(?:ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)$/;

/** Connects to one endpoint and asks what it is. Rejects with EndpointFailure. */
export async function probeEndpoint(endpoint: string, { timeoutMs }: { timeoutMs: number }): Promise<EndpointReport> {
  const deadline = AbortSignal.timeout(timeoutMs);
  let link: Link;
  try {
    link = await Link.open(endpoint, [deadline]);
  } catch (cause) {
    const code = systemCode(cause);
    if (code !== undefined && CONNECTING.test(code)) throw new EndpointFailure("unreachable", code, { cause });
    const why = deadline.aborted ? `no answer within ${timeoutMs / 1000} s` : asError(cause).message;
    throw new EndpointFailure("no-chain", why, { cause });
  }
  try {
    return await report(link);
  } catch (cause) {
    throw new EndpointFailure("no-chain", asError(cause).message, { cause });
  } finally {
    await link.close();
  }
}

async function report(link: Link): Promise<EndpointReport> {
  const { api } = link;
  const asked = Date.now();
  const health = (await link.send("system_health", [])) as { readonly isSyncing: boolean };
  const answerMs = Date.now() - asked;
  const [chain, head, finalized] = await Promise.all([
    link.send("system_chain", []),
    link.send("chain_getHeader", []),
    link.send("chain_getFinalizedHead", []).then((hash) => link.send("chain_getHeader", [hash])),
  ]);
  const isCess = CESS_PALLETS.every((pallet) => api.query[pallet] !== undefined);
  const time =
    api.query["timestamp"]?.["now"] === undefined ? undefined : await readStorage(link, "timestamp", "now", []);
  return {
    genesis: api.genesisHash.toHex(),
    chain: String(chain),
    specName: api.runtimeVersion.specName.toString(),
    specVersion: api.runtimeVersion.specVersion.toNumber(),
    isCess,
    isSyncing: health.isSyncing,
    best: Number((head as { number: string }).number),
    finalized: Number((finalized as { number: string }).number),
    ...(time === undefined ? {} : { blockTimeMs: asNumber(time) }),
    answerMs,
  };
}

/** The code of the operating system's error that is the reason of another. */
function systemCode(error: unknown): string | undefined {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    const { code } = each as NodeJS.ErrnoException;
    if (typeof code === "string") return code;
    if (each instanceof AggregateError) return systemCode(each.errors[0]);
  }
  return undefined;
}
