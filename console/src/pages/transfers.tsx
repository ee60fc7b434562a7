import { useSignal } from "@preact/signals";
import { bytes, duration, number } from "../lib/format.js";
import { link } from "../lib/router.js";
import type { S3 } from "../lib/s3.js";
import { begun, discard, totals, upload, uploads, type UploadTask } from "../lib/uploads.js";
import { t } from "../texts.js";
import { Icon } from "../ui/icon.js";
import { Act, ActionsHead, Badge, Empty, Name, Notice, attempt } from "../ui/parts.js";

/** Tasks that are shown one by one. */
const SHOWN = 200;
const RANK = { failed: 0, running: 1, paused: 2, waiting: 3, done: 4 };

export function Transfers({ s3 }: { s3: S3 }) {
  const { count, open, failed } = totals.value;
  const shown = [...uploads.value].sort((a, b) => RANK[a.state.value] - RANK[b.state.value]).slice(0, SHOWN);
  return (
    <div class="page">
      <div class="head">
        <h1>{t.uploads}</h1>
        <span class="spacer" />
        {failed > 0 && (
          <button
            onClick={() =>
              uploads.value.filter(({ state }) => state.value === "failed").forEach((each) => each.start())
            }
          >
            <Icon name="refresh" />
            {t.tryFailedAgain}
          </button>
        )}
        {count > open && (
          <button onClick={() => (uploads.value = uploads.value.filter(({ state }) => state.value !== "done"))}>
            {t.clearDone}
          </button>
        )}
      </div>
      <Unfinished s3={s3} />
      {count === 0 ? (
        <div class="card">
          <Empty icon="upload">
            <p>{t.noUploads}</p>
            <a class="button" href={link(["buckets"])}>
              {t.toBuckets}
            </a>
          </Empty>
        </div>
      ) : (
        <>
          <Progress />
          <div class="card flush scroll" tabIndex={0}>
            <table>
              <thead>
                <tr>
                  <th>{t.name}</th>
                  <th class="num hide-phone">{t.size}</th>
                  <th style={{ width: "30%" }}>{t.progress}</th>
                  <ActionsHead />
                </tr>
              </thead>
              <tbody>
                {shown.map((task) => (
                  <Row key={`${task.bucket}/${task.key}`} task={task} />
                ))}
              </tbody>
            </table>
          </div>
          {count > SHOWN && <p class="muted">{t.andMore(count - SHOWN)}</p>}
        </>
      )}
    </div>
  );
}

/** All uploads in one line. */
export function Progress() {
  const { size, sent, open, done, failed, count } = totals.value;
  const share = size === 0 ? 1 : sent / size;
  const running = uploads.value.some(({ state }) => state.value === "running" || state.value === "waiting");
  return (
    <div class="card" role="status">
      <div class="row">
        <strong>{t.filesOf(number(done), number(count))}</strong>
        <span class="muted">
          {bytes(sent)} / {bytes(size)}
        </span>
        {failed > 0 && <Badge tone="bad">{t.failedCount(failed)}</Badge>}
        <span style={{ flex: 1 }} />
        {open > 0 &&
          (running ? (
            <button onClick={() => uploads.value.forEach((each) => each.pause())}>
              <Icon name="pause" />
              {t.pauseAll}
            </button>
          ) : (
            <button
              onClick={() =>
                uploads.value.filter(({ state }) => state.value === "paused").forEach((each) => each.start())
              }
            >
              <Icon name="play" />
              {t.goOnAll}
            </button>
          ))}
      </div>
      <div
        class="bar"
        role="progressbar"
        aria-label={t.progress}
        aria-valuenow={Math.round(share * 100)}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <i class={open === 0 && failed === 0 ? "good" : ""} style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  );
}

function Row({ task }: { task: UploadTask }) {
  const { key, bucket, file, state, sent, skipped, failure } = task;
  const share = file.size === 0 ? (state.value === "done" ? 1 : 0) : sent.value / file.size;
  const tone = state.value === "done" ? "good" : state.value === "failed" ? "bad" : "";
  return (
    <tr>
      <td class="break">
        <a href={link(["buckets", bucket, "object"], { key })}>
          <Name text={key} />
        </a>
        <div class="small muted">{bucket}</div>
        {failure.value !== "" && <div class="small bad">{failure.value}</div>}
      </td>
      <td class="num hide-phone">{bytes(file.size)}</td>
      <td>
        <div
          class="bar"
          role="progressbar"
          aria-label={t.progressOf(key)}
          aria-valuenow={Math.round(share * 100)}
          aria-valuemin={0}
          aria-valuemax={100}
        >
          <i class={tone} style={{ width: `${share * 100}%` }} />
        </div>
        <div class="small muted">
          {t.uploadStates[state.value]}
          {skipped.value > 0 && `, ${t.wasThere(bytes(skipped.value))}`}
        </div>
      </td>
      <td class="num">
        {(state.value === "running" || state.value === "waiting") && (
          <button class="plain" aria-label={t.pause} title={t.pause} onClick={() => task.pause()}>
            <Icon name="pause" />
          </button>
        )}
        {(state.value === "paused" || state.value === "failed") && (
          <button class="plain" aria-label={t.goOn} title={t.goOn} onClick={() => task.start()}>
            <Icon name="play" />
          </button>
        )}
        {state.value !== "done" && (
          <Act class="plain" label={t.cancelUpload} run={() => task.cancel()}>
            <Icon name="close" />
          </Act>
        )}
      </td>
    </tr>
  );
}

/** Uploads of earlier pages: the browser does not keep the files, so they are asked for again. */
function Unfinished({ s3 }: { s3: S3 }) {
  const changed = useSignal(0);
  const known = new Set(uploads.value.map(({ bucket, key }) => `${bucket}/${key}`));
  const left =
    changed.value < 0
      ? []
      : begun.all(s3.credentials.accessKeyId).filter(({ bucket, key }) => !known.has(`${bucket}/${key}`));
  if (left.length === 0) return null;
  return (
    <section class="stack" aria-label={t.unfinished}>
      <h2>{t.unfinished}</h2>
      <p class="muted">{t.unfinishedHint}</p>
      {left.map((each) => {
        const goOn = (file: File | undefined) => {
          if (!file) return;
          const same = file.size === each.size && file.lastModified === each.modified;
          if (!same) return void attempt(() => Promise.reject(new Error(t.otherFile)));
          const name = each.key.split("/").at(-1) ?? each.key;
          upload(s3, each.bucket, each.key.slice(0, each.key.length - name.length), [{ name, file }]);
          changed.value++;
        };
        return (
          <div class="card" key={each.uploadId}>
            <div class="row">
              <span class="break">
                <strong>
                  <Name text={each.key} />
                </strong>
                <div class="small muted">
                  {each.bucket} · {bytes(each.size)} · {t.begunAgo(duration((Date.now() - each.started) / 1000))}
                </div>
              </span>
              <span style={{ flex: 1 }} />
              <label class="button">
                <Icon name="play" />
                {t.chooseAgain}
                <input class="visually-hidden" type="file" onChange={(event) => goOn(event.currentTarget.files?.[0])} />
              </label>
              <Act
                run={() =>
                  discard(s3, each).then(() => {
                    changed.value++;
                  })
                }
              >
                {t.discard}
              </Act>
            </div>
          </div>
        );
      })}
      {totals.value.open > 0 && <Notice>{t.stayHere}</Notice>}
    </section>
  );
}
