import { bug, type Bug } from "./bug.js";

/** Of several gateways: the simulation of these finds them. */
const several = (...args: Parameters<typeof bug>): Bug => ({ ...bug(...args), world: "several" });

export const clusterBugs: readonly Bug[] = [
  several(
    "fencing-not-checked",
    "What a worker writes is not checked against its lease.",
    "catalog/fenced-store",
    "if (row === undefined)",
    "if (false)",
  ),
  several(
    "fid-locks-here-only",
    "What is signed about a FID is serialised in each gateway for itself.",
    "distribution/fid-locks",
    "return catalog.shared ? ",
    "return false ? ",
  ),
  several(
    "single-worker-not-fenced",
    "A worker of which one runs goes on writing after it has lost its lock.",
    "cli/gateway/single-workers",
    "return catalog.shared ? ",
    "return false ? ",
  ),
  {
    name: "singleton-everywhere",
    what: "A worker of which one should run does so at every gateway.",
    world: "several",
    rewrites: [
      {
        file: "/src/cli/gateway/single-workers.js",
        find: "return this.components.catalog.shared ? ",
        replace: "return false ? ",
      },
      {
        file: "/src/cli/gateway/single-workers.js",
        find: "return catalog.shared ? ",
        replace: "return false ? ",
      },
    ],
  },
  several(
    "late-signature-sent",
    "An extrinsic is sent although its nonce was given to another gateway while it was signed.",
    "cli/gateway/shared-nonces",
    "if (await this.components.catalog.extrinsics.sign(id, { bytes, untilBlock, block })) return;",
    "await this.components.catalog.extrinsics.sign(id, { bytes, untilBlock, block }); return;",
  ),
  several(
    "nonce-forgotten-early",
    "The next extrinsic that the chain will count is forgotten as if it were included.",
    "catalog/extrinsics",
    `eb("nonce", "<", nonce)`,
    `eb("nonce", "<=", nonce)`,
  ),
  several(
    "others-blobs-swept",
    "A sweeper does not ask how old a blob is that another gateway may be about to link.",
    "blobs/shared-folder",
    "this.settings = { ...SHARED_FOLDER_DEFAULTS, ...settings };",
    "this.settings = { ...SHARED_FOLDER_DEFAULTS, ...settings, sweepMs: 0 };",
  ),
  {
    name: "released-after-loss",
    what: "A worker that lost its lease gives the job back or finishes it all the same, though another has it.",
    world: "several",
    rewrites: [
      {
        file: "/src/catalog/jobs.js",
        find: `failure: failed }) }));
            const { numUpdatedRows } = await update.where(isCurrent(job)).executeTakeFirst();`,
        replace: `failure: failed }) }));
            const { numUpdatedRows } = await update.where("id", "=", toRowId(job.id) ?? 0).executeTakeFirst();`,
      },
      {
        file: "/src/catalog/jobs.js",
        find: `tx.deleteFrom("jobs").where(isCurrent(job))`,
        replace: `tx.deleteFrom("jobs").where("id", "=", toRowId(job.id) ?? 0)`,
      },
    ],
  },
  several(
    "stale-bucket-document",
    "A gateway goes by the bucket documents that it has read, whatever others have changed since.",
    "catalog/bucket-cache",
    "if (mark !== this.mark)",
    "this.mark ??= mark; if (false)",
  ),
  several(
    "mark-not-raised",
    "Changed buckets and documents are not announced to other processes.",
    "catalog/configuration-mark",
    "${sql.ref(of)} + 1",
    "${sql.ref(of)} + 0",
  ),
];
