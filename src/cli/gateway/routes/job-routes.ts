import { json, type AdminRoute } from "../../../admin/admin-server.js";
import { systemClock } from "../../../async/system-clock.js";
import type { ListedJob } from "../../../catalog/catalog.js";
import type { JobAnswer, JobsAnswer } from "../../admin-answers.js";
import type { Services } from "../services.js";

/** Jobs that are listed at most. */
const LIMIT = 100;
/** A job that is older than this, ms, is worth a look although it does not fail. */
const OLD_MS = 3_600_000;

type Parts = Pick<Services, "catalog" | "supervisor">;

/** Jobs that fail or take long, and the order to try one again at once. */
export function jobRoutes(parts: Parts): AdminRoute[] {
  return [
    {
      method: "GET",
      path: /^\/jobs$/,
      run: async (_groups, _body, query) => json(await list(parts, query.has("all"))),
    },
    { method: "POST", path: /^\/jobs\/([a-z0-9:%]+)\/retry$/i, run: ([id = ""]) => retry(parts, id) },
  ];
}

async function list({ catalog: { status } }: Parts, all: boolean): Promise<JobsAnswer> {
  const jobs = await status.listJobs(LIMIT + 1, all ? undefined : systemClock.now() - OLD_MS);
  const failed = await status.failedFiles(LIMIT + 1);
  return {
    jobs: jobs.slice(0, LIMIT).map(toJob),
    failed: failed.slice(0, LIMIT).map(({ file, fid, failure }) => ({ id: `file:${file}`, fid, failure })),
    truncated: jobs.length > LIMIT || failed.length > LIMIT,
  };
}

async function retry({ catalog, supervisor }: Parts, id: string) {
  const retried = id === "all" ? await retryAll(catalog) : await retryOne(catalog, id);
  for (const worker of ["encode", "store", "delete"]) supervisor.wake(worker);
  if (retried > 0 || id === "all") return json({ retried });
  return {
    status: 409,
    body: `no job ${id} waits: it is done, or a worker has it at this moment; GET /jobs lists those there are\n`,
  };
}

async function retryOne(catalog: Parts["catalog"], id: string): Promise<number> {
  const [, file] = /^file:(\d+)$/.exec(id) ?? [];
  if (file === undefined) return Number(await catalog.status.retryJob(id));
  const row = await catalog.files.get(file);
  if (row?.state !== "failed") return 0;
  await catalog.files.retry(file);
  return 1;
}

async function retryAll(catalog: Parts["catalog"]): Promise<number> {
  let retried = await catalog.status.retryFailing();
  for (;;) {
    const failed = await catalog.status.failedFiles(LIMIT);
    if (failed.length === 0) return retried;
    for (const { file } of failed) await catalog.files.retry(file);
    retried += failed.length;
  }
}

export function toJob({ id, kind, state, attempt, failure, bucket, key, fid, createdAt, dueAt }: ListedJob): JobAnswer {
  return {
    id,
    kind,
    state,
    attempt,
    ...(failure === undefined ? {} : { failure }),
    since: new Date(createdAt).toISOString(),
    next: new Date(dueAt).toISOString(),
    ...(bucket === undefined || key === undefined ? {} : { bucket, key }),
    ...(fid === undefined ? {} : { fid }),
  };
}
