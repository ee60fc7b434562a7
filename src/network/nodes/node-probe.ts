import { Agent } from "undici";
import { EndpointForbidden, EndpointPolicy } from "./endpoint-policy.js";

/** Whether a storage node answers at all: `forbidden` when the policy forbids to ask. */
export type NodeAnswer = "answers" | "silent" | "forbidden";

/** Asks each endpoint once, all at the same time: any answer by HTTP will do. Give it a sample, not all nodes there are. */
export async function probeNodes(
  endpoints: readonly string[],
  { allowPrivate, timeoutMs }: { readonly allowPrivate: boolean; readonly timeoutMs: number },
): Promise<NodeAnswer[]> {
  const policy = new EndpointPolicy({ allowPrivate });
  const agent = new Agent({ connect: { timeout: timeoutMs, lookup: policy.lookup }, connections: 1 });
  const ask = async (endpoint: string): Promise<NodeAnswer> => {
    try {
      const { origin, pathname } = policy.parse(endpoint);
      const signal = AbortSignal.timeout(timeoutMs);
      const { body } = await agent.request({ origin, path: `${pathname}status`, method: "GET", signal });
      body.on("error", () => undefined).destroy();
      return "answers";
    } catch (error) {
      return isForbidden(error) ? "forbidden" : "silent";
    }
  };
  try {
    return await Promise.all(endpoints.map(ask));
  } finally {
    await agent.destroy();
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof EndpointForbidden || (error instanceof Error && error.cause instanceof EndpointForbidden);
}
