import { objectsContract } from "./catalog-objects.js";
import { packsContract } from "./catalog-packs.js";
import { checksContract } from "./catalog-checks.js";
import { bucketsContract } from "./catalog-buckets.js";
import { documentsContract } from "./catalog-documents.js";
import { eventsContract } from "./catalog-events.js";
import { extrinsicsContract } from "./catalog-extrinsics.js";
import { filesContract } from "./catalog-files.js";
import { finalBlocksContract } from "./catalog-final-blocks.js";
import { gatewaysContract } from "./catalog-gateways.js";
import { identitiesContract } from "./catalog-identities.js";
import { jobsContract } from "./catalog-jobs.js";
import { journalContract } from "./catalog-journal.js";
import { leasesContract } from "./catalog-leases.js";
import { listingContract } from "./catalog-listing.js";
import { locksContract } from "./catalog-locks.js";
import type { OpenCatalog } from "./catalog-fixture.js";
import { signUpsContract } from "./catalog-sign-ups.js";
import { statusContract } from "./catalog-status.js";
import { takeOversContract } from "./catalog-take-overs.js";
import { uploadsContract } from "./catalog-uploads.js";
import { usageContract } from "./catalog-usage.js";
import { versionsContract } from "./catalog-versions.js";

/** What every implementation of Catalog does. `open` gives an empty one with a clock the tests turn. */
export function catalogContract(open: OpenCatalog): void {
  bucketsContract(open);
  documentsContract(open);
  objectsContract(open);
  packsContract(open);
  listingContract(open);
  uploadsContract(open);
  versionsContract(open);
  filesContract(open);
  extrinsicsContract(open);
  eventsContract(open);
  jobsContract(open);
  locksContract(open);
  statusContract(open);
  usageContract(open);
  finalBlocksContract(open);
  gatewaysContract(open);
  identitiesContract(open);
  signUpsContract(open);
  leasesContract(open);
  checksContract(open);
  takeOversContract(open);
  journalContract(open);
}
