import { jobsSchema, retrySchema, type JobAnswer, type JobsAnswer } from "../admin-answers.js";
import { AdminClient, type AdminOptions } from "../admin-client.js";
import { ConfigError } from "../../config/config-error.js";
import { ageText, plainText, tableText } from "../text.js";

/** `cess-s3 jobs`: jobs that fail or are older than an hour, or all of them. */
export async function runJobs({
  json,
  all,
  ...options
}: AdminOptions & { readonly json?: boolean; readonly all?: boolean }): Promise<void> {
  const jobs = await AdminClient.open(options).get(all ? "/jobs?all" : "/jobs", jobsSchema);
  console.log(json ? JSON.stringify(jobs, undefined, 2) : jobsText(jobs, all === true));
}

/** `cess-s3 jobs retry ID`, or `--all`: tries again at once. */
export async function runRetry(
  id: string | undefined,
  { all, json, ...options }: AdminOptions & { readonly all?: boolean; readonly json?: boolean },
): Promise<void> {
  if ((id === undefined) === (all !== true))
    throw new ConfigError("name one job to try again, as cess-s3 jobs lists them, or say --all");
  if (id !== undefined && !/^(file:)?\d+$/.test(id))
    throw new ConfigError(`${JSON.stringify(id)} is no job: ids are like 17 or file:9, as cess-s3 jobs lists them`);
  const path = `/jobs/${id ?? "all"}/retry`;
  const { retried } = await AdminClient.open(options).post(path, undefined, retrySchema);
  console.log(json ? JSON.stringify({ retried }) : `${retried} ${retried === 1 ? "is" : "are"} tried again now`);
}

export function jobsText({ jobs, failed, truncated }: JobsAnswer, all: boolean): string {
  if (jobs.length + failed.length === 0)
    return all ? "there are no jobs" : "no job fails, and none is older than an hour; --all lists the others";
  const rows = jobs.map((job) => [
    job.id,
    job.kind,
    subject(job),
    job.state,
    `attempt ${job.attempt + 1}`,
    `for ${ageText(job.since)}`,
    job.state === "leased" ? "is being done" : `next at ${job.next}`,
    job.failure === undefined ? "" : `failed because ${plainText(job.failure)}`,
  ]);
  const lines = [
    ...(rows.length > 0 ? [tableText(rows)] : []),
    ...failed.map(({ id, fid, failure }) => `${id}  ${fid}  the network refused it for good: ${plainText(failure)}`),
    ...(truncated ? ["… and more"] : []),
  ];
  return lines.join("\n");
}

function subject({ bucket, key, fid }: JobAnswer): string {
  if (bucket !== undefined && key !== undefined) return plainText(`${bucket}/${key}`);
  return fid ?? "(gone)";
}
