import type { ChainNode } from "../../network/chain/chain.js";
import { probeNodes } from "../../network/nodes/node-probe.js";
import { failure, ok, warning, type Finding } from "./finding.js";

const CHECK = "storage nodes";
/** Each fragment of a segment needs a node of its own. */
const NEEDED = 12;
/** Nodes that are asked. */
const SAMPLE = 24;
const TIMEOUT_MS = 10_000;
/** Fewer of the sample than this share are reached: something is wrong here, not with the nodes. */
const MOST = 0.8;

/** Whether enough storage nodes are registered, and whether they can be reached from here: a sample of them is asked. */
export async function storageNodes(nodes: readonly ChainNode[], allowPrivate: boolean): Promise<Finding> {
  const positive = nodes.filter(({ state, endpoint }) => state === "positive" && endpoint !== "");
  const text = `${nodes.length} are registered, ${positive.length} of them take files`;
  if (positive.length < NEEDED)
    return failure(
      CHECK,
      `${text}: a file needs ${NEEDED}`,
      "nothing can be stored before more nodes join the network",
    );
  const sample = drawn(positive, SAMPLE);
  const answers = await probeNodes(
    sample.map(({ endpoint }) => endpoint),
    { allowPrivate, timeoutMs: TIMEOUT_MS },
  );
  const reached = answers.filter((answer) => answer === "answers").length;
  const forbidden = answers.filter((answer) => answer === "forbidden").length;
  const asked = `${text}; of ${sample.length} that were asked, ${reached} answer`;
  if (reached < sample.length && forbidden >= sample.length - reached)
    return failure(
      CHECK,
      `${asked}, and ${forbidden} lie in private networks`,
      "on a network of your own, set allowPrivateNodes: true",
    );
  if ((reached / sample.length) * positive.length < NEEDED)
    return failure(
      CHECK,
      `${asked}: too few, a file needs ${NEEDED}`,
      "check this machine's way to the Internet: firewall, proxy, DNS",
    );
  if (reached / sample.length < MOST)
    return warning(CHECK, asked, "some nodes are always away; if many are, check this machine's firewall");
  return ok(CHECK, asked);
}

/** `count` of them, drawn at random. */
function drawn<T>(all: readonly T[], count: number): T[] {
  return [...all]
    .map((each) => ({ each, draw: Math.random() }))
    .sort((a, b) => a.draw - b.draw)
    .slice(0, count)
    .map(({ each }) => each);
}
