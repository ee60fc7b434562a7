import { isProblem } from "../../../model/errors.js";
import type { PlacementWish } from "../../../model/placement-tags.js";
import type { FileAnswer, ObjectAnswer } from "../../admin-answers.js";
import type { Services } from "../services.js";

type Parts = Pick<Services, "catalog" | "registry" | "placementTags">;

/**
 * What the bucket's tags choose at present, and which of the nodes that hold the object's own files, or are to, are of
 * those. A pack's nodes were chosen by no tags. Nothing where the bucket chooses none.
 */
export async function placementOf(
  { catalog, registry, placementTags }: Parts,
  bucket: string,
  files: readonly FileAnswer[],
): Promise<Pick<ObjectAnswer, "placement" | "files">> {
  const tags = (await catalog.documents.get(bucket, "tagging")) ?? [];
  if (!placementTags.apply(tags)) return { files: [...files] };
  let wish: PlacementWish | undefined;
  try {
    wish = placementTags.wish(tags);
  } catch (error) {
    if (!isProblem(error, "invalidTag")) throw error;
    return { placement: { wanted: error.message }, files: [...files] };
  }
  const endpoints = new Map(registry.table().map(({ account, endpoint = "" }) => [account, endpoint]));
  const wanted = (node: string | undefined) =>
    node !== undefined && wish?.takes({ account: node, endpoint: endpoints.get(node) ?? "" }) === true;
  const judged = files.map((file) =>
    file.layout === "pack"
      ? file
      : {
          ...file,
          segments: file.segments.map((segment) => ({
            ...segment,
            holders: segment.holders.map((holder) => ({ ...holder, wanted: wanted(holder.node) })),
          })),
        },
  );
  const holders = judged.flatMap(({ segments }) => segments.flatMap((segment) => segment.holders));
  const kept = holders.length === 0 ? {} : { kept: holders.every((holder) => holder.wanted === true) };
  return { placement: { wanted: wish?.text ?? "", ...kept }, files: judged };
}
