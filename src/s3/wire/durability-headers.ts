import { FRAGMENTS } from "../../model/sizes.js";
import type { Durability } from "../../model/object.js";

/** The longest failure text a header carries, in characters. */
const MAX_FAILURE = 512;

function headerText(text: string | undefined): string | undefined {
  return text?.replace(/[^\x20-\x7e]+/g, " ").slice(0, MAX_FAILURE);
}

/** How far an object has been stored on the network: in headers of our own, and in S3's replication status. */
export function durabilityHeaders({
  state,
  fid,
  extent,
  reports,
  chargedBytes,
  redundancy,
  failure,
  waiting,
}: Durability): Record<string, string | number | undefined> {
  return {
    "x-cess-fid": fid,
    "x-cess-extent": extent && `${extent.offset}+${extent.length}`,
    "x-cess-state": state,
    "x-cess-reports": `${reports}/${FRAGMENTS}`,
    "x-cess-charged-bytes": chargedBytes,
    "x-cess-redundancy": redundancy === undefined ? undefined : `${redundancy}/${FRAGMENTS}`,
    "x-cess-failure": headerText(failure),
    "x-cess-waiting": headerText(waiting),
    "x-amz-replication-status": failure !== undefined ? "FAILED" : state === "stored" ? "COMPLETED" : "PENDING",
  };
}
