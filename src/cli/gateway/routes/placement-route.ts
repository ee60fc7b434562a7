import { json } from "../../../admin/admin-server.js";
import { DomainError } from "../../../model/errors.js";
import { FRAGMENT_SIZE } from "../../../model/sizes.js";
import type { OwnPlacementAnswer } from "../../admin-answers.js";
import type { OwnerRoute } from "../owner-requests.js";
import type { Services } from "../services.js";

/**
 * What a bucket's tags may say about storage nodes, and what those of the query would mean: each parameter is a tag. Nothing is set:
 * PutBucketTagging does that, by the same rules.
 */
export function placementRoute({ placementTags, registry }: Pick<Services, "placementTags" | "registry">): OwnerRoute {
  const nodes = async () => {
    // While the chain does not answer, what is remembered is counted.
    await registry.nodes().catch(() => undefined);
    return registry.table().flatMap(({ account, endpoint, registered, state, idleBytes = 0 }) => {
      const serves = registered && state === "positive" && idleBytes >= FRAGMENT_SIZE;
      const node = endpoint === undefined ? undefined : { account, endpoint };
      return node && serves && placementTags.admits(node) ? [node] : [];
    });
  };
  const meaning = (query: URLSearchParams, all: Awaited<ReturnType<typeof nodes>>) => {
    const tags = [...query].map(([key, value]) => ({ key, value }));
    try {
      placementTags.require(tags);
      const wish = placementTags.wish(tags);
      return wish && { wish: { text: wish.text, nodes: all.filter((node) => wish.takes(node)).length } };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { refused: error.message };
    }
  };
  return {
    method: "GET",
    path: "/placement",
    run: async (_account, query) => {
      const all = await nodes();
      const counts = new Map(placementTags.regions.map((name) => [name, 0]));
      for (const node of all)
        for (const name of placementTags.regionsOf(node)) counts.set(name, (counts.get(name) ?? 0) + 1);
      return json({
        allowed: placementTags.allowed,
        nodes: all.length,
        regions: [...counts].map(([name, count]) => ({ name, nodes: count })),
        ...meaning(query, all),
      } satisfies OwnPlacementAnswer);
    },
  };
}
