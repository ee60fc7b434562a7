import type { Catalog } from "../../catalog/catalog.js";
import type { Usage } from "../../model/quota.js";
import type { Findings } from "./finding.js";

/** Whether the catalog agrees with itself. */
export async function* checkCatalog({ inspection }: Pick<Catalog, "inspection">, repair: boolean): Findings {
  for (const { rule, what, count, removable } of await inspection.dangling()) {
    const repaired = repair && removable;
    if (repaired) await inspection.removeDangling(rule);
    yield {
      kind: "row-for-nothing",
      subject: `${count} ${what}`,
      meaning: removable
        ? "rows are left of something that is gone; they cost time and space, and may keep work from ending"
        : "something that these rows need is gone",
      remedy: repaired
        ? "they were removed"
        : removable
          ? "--repair removes them"
          : "restore a backup, or delete the objects concerned",
      repaired,
    };
  }
  for (const { bucket, counted, actual } of await inspection.wrongUsages()) {
    if (repair) await inspection.recount(bucket);
    yield {
      kind: "usage-wrong",
      subject: `bucket ${bucket}`,
      meaning: `${usageText(counted)} are counted for its quota, and it has ${usageText(actual)}`,
      remedy: repair ? "it was counted anew" : "--repair counts it anew",
      repaired: repair,
    };
  }
  for (const file of await inspection.stuckFiles()) {
    if (repair) await inspection.resume(file);
    yield {
      kind: "file-without-job",
      subject: `file ${file.fid}`,
      meaning: `it is ${file.state}, and no job takes it further`,
      remedy: repair ? "it has a job again" : "--repair gives it a job again",
      repaired: repair,
    };
  }
  for (const object of await inspection.stuckObjects())
    yield {
      kind: "object-without-job",
      subject: object,
      meaning: "it is staged, and nothing takes it to the network; it can be read",
      remedy: "copy it onto itself, or put it again",
      repaired: false,
    };
}

function usageText({ bytes, uploadBytes, objects }: Usage): string {
  return `${objects} objects, ${bytes} bytes and ${uploadBytes} bytes of open uploads`;
}
