import { useSignal } from "@preact/signals";
import type { JobAnswer, JobsAnswer } from "../../../src/cli/admin-answers.js";
import type { Admin } from "../lib/admin.js";
import { ago, duration, number, short } from "../lib/format.js";
import { link } from "../lib/router.js";
import { s3 } from "../lib/session.js";
import { t } from "../texts.js";
import { Icon } from "../ui/icon.js";
import { useLoad } from "../ui/load.js";
import { Act, ActionsHead, Badge, Empty, Loading, Name, Notice, toast } from "../ui/parts.js";

const TONES = { due: "", waiting: "", leased: "good", failing: "bad" } as const;

/** What is still to be done in the background, and what fails there. */
export function Jobs({ admin }: { admin: Admin }) {
  const all = useSignal(true);
  const { value, failure, again } = useLoad(
    () => admin.get<JobsAnswer>(all.value ? "/jobs?all" : "/jobs"),
    [admin, all.value],
    3_000,
  );
  const retry = (id: string) => async () => {
    const { retried } = await admin.post<{ retried: number }>(`/jobs/${encodeURIComponent(id)}/retry`);
    toast(t.retried(number(retried)));
    await again();
  };
  const found = value.value;
  const failing = found ? found.failed.length + found.jobs.filter(({ state }) => state === "failing").length : 0;
  return (
    <div class="page">
      <div class="head">
        <h1>{t.jobs}</h1>
        {failing > 0 && <Badge tone="bad">{t.failedCount(failing)}</Badge>}
        <span class="spacer" />
        <label class="check">
          <input
            type="checkbox"
            checked={!all.value}
            onChange={(event) => (all.value = !event.currentTarget.checked)}
          />
          {t.onlyTroubled}
        </label>
        <Act disabled={failing === 0} run={retry("all")}>
          <Icon name="refresh" />
          {t.retryAll}
        </Act>
      </div>
      {failure.value !== "" && <Notice tone="bad">{failure.value}</Notice>}
      {!found && failure.value === "" && <Loading />}
      {found && found.failed.length > 0 && (
        <section class="card" aria-label={t.refused}>
          <h2>{t.refused}</h2>
          {found.failed.map(({ id, fid, failure }) => (
            <div class="row" key={id}>
              <span class="break" style={{ flex: 1 }}>
                <span class="mono">{short(fid, 10, 6)}</span> {failure}
              </span>
              <Act run={retry(id)}>{t.retry}</Act>
            </div>
          ))}
        </section>
      )}
      {found?.jobs.length === 0 && found.failed.length === 0 && (
        <div class="card">
          <Empty icon="check">
            <p>{t.noJobs}</p>
          </Empty>
        </div>
      )}
      {found && found.jobs.length > 0 && (
        <div class="card flush scroll" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th>{t.job}</th>
                <th>{t.subject}</th>
                <th>{t.state}</th>
                <th class="num">{t.since}</th>
                <th class="num">{t.nextTry}</th>
                <ActionsHead />
              </tr>
            </thead>
            <tbody>
              {found.jobs.map((job) => (
                <tr key={job.id}>
                  <td class="nowrap">
                    {t.jobKinds[job.kind]} <span class="small muted">{job.id}</span>
                  </td>
                  <td class="break">
                    <Subject job={job} />
                    {job.failure !== undefined && <div class="small bad">{job.failure}</div>}
                  </td>
                  <td>
                    <Badge tone={TONES[job.state]}>{t.jobStates[job.state]}</Badge>
                    {job.attempt > 0 && <div class="small muted">{t.attempts(job.attempt)}</div>}
                  </td>
                  <td class="num">{ago(job.since, Date.now())}</td>
                  <td class="num">
                    {job.state === "leased" ? "" : t.inTime(duration((Date.parse(job.next) - Date.now()) / 1000))}
                  </td>
                  <td class="num">{job.state !== "leased" && <Act run={retry(job.id)}>{t.retry}</Act>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {found?.truncated === true && <p class="muted">{t.moreJobs}</p>}
    </div>
  );
}

function Subject({ job: { bucket, key, fid } }: { job: JobAnswer }) {
  if (bucket !== undefined && key !== undefined) {
    const text = <Name text={`${bucket}/${key}`} />;
    return s3.value ? <a href={link(["buckets", bucket, "object"], { key, tab: "way" })}>{text}</a> : text;
  }
  return (
    <span class="mono" title={fid}>
      {short(fid ?? "", 12, 8)}
    </span>
  );
}
