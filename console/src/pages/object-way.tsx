import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { FileAnswer, ObjectAnswer } from "../../../src/cli/admin-answers.js";
import { DATA_FRAGMENTS, FRAGMENTS, SEGMENT_SIZE } from "../../../src/model/sizes.js";
import { bytes, duration, moment, short } from "../lib/format.js";
import type { S3 } from "../lib/s3.js";
import { admin } from "../lib/session.js";
import { t } from "../texts.js";
import { Icon } from "../ui/icon.js";
import { useLoad } from "../ui/load.js";
import { Badge, CopyButton, Loading, Notice, State } from "../ui/parts.js";

type Holder = FileAnswer["segments"][number]["holders"][number];

const STATES = ["staged", "encoded", "declared", "placed", "stored"] as const;
/** Segments that are drawn. */
const MAX_ROWS = 64;

interface WayProps {
  s3: S3;
  bucket: string;
  name: string;
  version: string | undefined;
  /** Called with each state that it is found in, so that nothing else on the page tells an older one. */
  onState: () => Promise<void>;
}

/** An object's way into the network: how far it is, why it waits, and who holds which part of it. */
export function ObjectWay({ s3, bucket, name, version, onState }: WayProps) {
  const way = useLoad(() => s3.insight<ObjectAnswer>(bucket, name, version), [name, version], 3_000);
  const object = way.value.value;
  const state = object?.state;
  useEffect(() => {
    if (state !== undefined) void onState();
  }, [state]);
  if (!object) return way.failure.value === "" ? <Loading /> : <Notice tone="bad">{way.failure.value}</Notice>;
  return (
    <div class="stack" style={{ gap: "16px" }}>
      <section class="card">
        <Stops object={object} />
        <Waiting object={object} />
        {object.state === "stored" && (
          <Notice tone="good">
            {object.redundancy === undefined ? t.storedOnNetwork : t.storedWith(object.redundancy, FRAGMENTS)}
          </Notice>
        )}
      </section>
      {object.files.map((file) => (
        <FilePicture key={file.id} file={file} object={object} />
      ))}
      {object.files.length === 0 && object.state !== "stored" && <p class="muted">{t.noFileYet}</p>}
      <section class="card">
        <h2>{t.receipt}</h2>
        <dl>
          {object.fid !== undefined && (
            <>
              <dt>FID</dt>
              <dd class="mono">{object.fid}</dd>
              <dt />
              <dd>
                <CopyButton text={object.fid} label={t.copyFid} />
              </dd>
            </>
          )}
          {object.extent && (
            <>
              <dt>{t.extent}</dt>
              <dd>{t.extentText(bytes(object.extent.offset), bytes(object.extent.length))}</dd>
            </>
          )}
          {object.chargedBytes !== undefined && (
            <>
              <dt>{t.charged}</dt>
              <dd>{bytes(object.chargedBytes)}</dd>
            </>
          )}
          {object.placement && (
            <>
              <dt>{t.placementWish}</dt>
              <dd>
                {object.placement.wanted}{" "}
                {object.placement.kept !== undefined && (
                  <Badge tone={object.placement.kept ? "good" : "warn"}>
                    {object.placement.kept ? t.kept : t.notKept}
                  </Badge>
                )}
              </dd>
            </>
          )}
          <dt>ETag</dt>
          <dd class="mono">{object.etag}</dd>
          <dt>{t.written}</dt>
          <dd>{moment(object.createdAt)}</dd>
        </dl>
      </section>
    </div>
  );
}

/** When an object came to a state: when the last of its files did; undefined where that was not seen. */
function timeOf({ createdAt, files }: ObjectAnswer, state: (typeof STATES)[number]): string | undefined {
  if (state === "staged" || files.length === 0) return state === "staged" ? createdAt : undefined;
  // A file that was there already, of a copy, had come to it before.
  let last = createdAt;
  for (const { times } of files) {
    const time = times?.[state];
    if (time === undefined) return undefined;
    if (time > last) last = time;
  }
  return last;
}

function Stops({ object }: { object: ObjectAnswer }) {
  const { state, createdAt } = object;
  const at = STATES.findIndex((each) => each === state);
  return (
    <ol class="way" style={{ listStyle: "none", padding: 0, margin: "6px 0 4px" }} aria-label={t.way}>
      {STATES.map((each, index) => {
        const past = index < at || state === "stored";
        const now = index === at;
        return (
          <li
            key={each}
            class={`stop ${past ? "past" : ""} ${now ? "now" : ""} ${index === STATES.length - 1 ? "last" : ""}`}
            aria-current={now ? "step" : undefined}
          >
            <span class="mark">{past && <Icon name="check" />}</span>
            <strong>{t.states[each]}</strong>
            <span class="small muted hide-phone">{t.stateMeanings[each]}</span>
            {(past || now) && <StopTime since={createdAt} at={timeOf(object, each)} />}
          </li>
        );
      })}
    </ol>
  );
}

/** The time that it took since the object was written; of the first stop, when that was. */
function StopTime({ since, at }: { since: string; at: string | undefined }) {
  if (at === undefined) return null;
  const text = at === since ? moment(at) : t.after(duration((Date.parse(at) - Date.parse(since)) / 1000));
  return (
    <time class={`small muted ${at === since ? "hide-phone" : ""}`} dateTime={at} title={moment(at)}>
      {text}
    </time>
  );
}

function Waiting({ object }: { object: ObjectAnswer }) {
  if (object.waiting.length === 0) return null;
  const failed = object.files.some(({ state }) => state === "failed") || object.state === "damaged";
  return (
    <Notice tone={failed ? "bad" : ""}>
      <strong>{t.whyItWaits}</strong>
      <ul style={{ margin: "4px 0 0", paddingLeft: "18px" }}>
        {object.waiting.map((text) => (
          <li key={text}>{withTimes(text)}</li>
        ))}
      </ul>
    </Notice>
  );
}

/** The gateway's sentences have times in ISO 8601: people want to know how long. */
const withTimes = (text: string): string =>
  text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (iso) => {
    const seconds = (Date.parse(iso) - Date.now()) / 1000;
    return seconds > 0 ? t.inTime(duration(seconds)) : moment(iso);
  });

function FilePicture({ file, object }: { file: FileAnswer; object: ObjectAnswer }) {
  const chosen = useSignal<{ segment: number; index: number } | undefined>(undefined);
  const { segments } = file;
  const rows = segments.slice(0, MAX_ROWS);
  const holder =
    chosen.value && segments[chosen.value.segment]?.holders.find(({ index }) => index === chosen.value?.index);
  const shared = file.state !== "stored";
  return (
    <section class="card" aria-label={t.file(file.id)}>
      <div class="row">
        <h2>{file.layout === "pack" ? t.inPack : t.ownFile}</h2>
        <State state={file.state} />
        {file.restored === true && <Badge tone="warn">{t.underRepair}</Badge>}
        <span style={{ flex: 1 }} />
        {file.redundancy !== undefined && (
          <Badge tone={file.redundancy >= FRAGMENTS ? "good" : file.redundancy > DATA_FRAGMENTS ? "warn" : "bad"}>
            {t.fragmentsLeft(file.redundancy, FRAGMENTS)}
          </Badge>
        )}
      </div>
      <p class="small muted break">
        {file.layout === "pack"
          ? t.packText(bytes(file.length), bytes(file.bytes))
          : t.fileText(
              bytes(file.bytes),
              shared ? Math.ceil(file.bytes / SEGMENT_SIZE) : segments.length,
              object.files.length,
            )}
      </p>
      {rows.length > 0 && (rows[0]?.holders.length ?? 0) > 0 ? (
        <>
          <div class="stack" style={{ gap: "5px" }} role="group" aria-label={t.fragments}>
            {rows.map((segment, at) => (
              <div class="fragments" key={segment.hash ?? at}>
                <span class="label small muted">
                  <span class="hide-phone">{shared ? t.eachSegment : t.segment(at + 1)}</span>
                  <span class="only-phone">{shared ? "" : at + 1}</span>
                </span>
                {Array.from({ length: FRAGMENTS }, (_, index) => {
                  const found = segment.holders.find((each) => each.index === index);
                  const isChosen = chosen.value?.segment === at && chosen.value.index === index;
                  return (
                    <Cell
                      key={index}
                      index={index}
                      holder={found}
                      chosen={isChosen}
                      onChoose={() => (chosen.value = isChosen ? undefined : { segment: at, index })}
                    />
                  );
                })}
              </div>
            ))}
          </div>
          {segments.length > MAX_ROWS && <p class="muted">{t.moreSegments(segments.length - MAX_ROWS)}</p>}
          <Legend />
          {holder && <HolderCard holder={holder} />}
          <HolderTable holders={segments[0]?.holders ?? []} many={segments.length > 1 && !shared} />
        </>
      ) : (
        <p class="muted">{file.state === "stored" ? t.chainSilent : t.noNodesYet}</p>
      )}
    </section>
  );
}

function Cell(props: { index: number; holder: Holder | undefined; chosen: boolean; onChoose: () => void }) {
  const { index, holder } = props;
  if (!holder)
    return (
      <span class="cell empty" style={{ display: "grid", placeItems: "center" }}>
        {index + 1}
      </span>
    );
  const parity = index >= DATA_FRAGMENTS ? "parity" : "";
  const text = t.fragmentOn(index + 1, t.fragmentStates[holder.fragment] ?? holder.fragment, short(holder.node ?? ""));
  return (
    <button
      class={`cell ${holder.fragment} ${parity} ${props.chosen ? "chosen" : ""}`}
      aria-label={text}
      aria-pressed={props.chosen}
      title={text}
      onClick={props.onChoose}
    >
      {index + 1}
    </button>
  );
}

const Legend = () => (
  <div class="legend">
    {(["assigned", "sent", "reported", "missing"] as const).map((state) => (
      <span key={state}>
        <i class={`dot ${LEGEND_COLOURS[state]}`} />
        {t.fragmentStates[state]}
      </span>
    ))}
    <span>{t.anyFour}</span>
  </div>
);

const LEGEND_COLOURS = { assigned: "declared", sent: "placed", reported: "stored", missing: "failed" };

function HolderCard({ holder }: { holder: Holder }) {
  const { node, endpoint, region } = holder;
  return (
    <div class="card" role="status" style={{ background: "var(--sunken)", boxShadow: "none" }}>
      <dl>
        <dt>{t.fragment}</dt>
        <dd>
          {holder.index + 1} · {t.fragmentStates[holder.fragment] ?? holder.fragment}
        </dd>
        <dt>{t.node}</dt>
        <dd class="mono">{node}</dd>
        {endpoint !== undefined && (
          <>
            <dt>{t.endpoint}</dt>
            <dd class="mono">{endpoint}</dd>
          </>
        )}
        {region !== undefined && (
          <>
            <dt>{t.region}</dt>
            <dd>{region}</dd>
          </>
        )}
        <dt>{t.standing}</dt>
        <dd>
          {t.nodeStates[holder.state] ?? holder.state}
          {holder.cooldownUntil !== undefined && ` · ${t.leftAloneUntil(moment(holder.cooldownUntil))}`}
        </dd>
        {holder.lastFailure !== undefined && (
          <>
            <dt>{t.lastFailure}</dt>
            <dd>{holder.lastFailure}</dd>
          </>
        )}
      </dl>
    </div>
  );
}

function HolderTable({ holders, many }: { holders: readonly Holder[]; many: boolean }) {
  return (
    <details>
      <summary class="small">{many ? t.nodesOfFirst : t.nodesOfIt(holders.length)}</summary>
      <div class="scroll" tabIndex={0}>
        <table class="small">
          <thead>
            <tr>
              <th class="num">{t.fragment}</th>
              <th>{t.node}</th>
              <th>{t.state}</th>
              <th>{t.standing}</th>
            </tr>
          </thead>
          <tbody>
            {holders.map((holder) => (
              <tr key={holder.index}>
                <td class="num">{holder.index + 1}</td>
                <td class="mono break">{holder.node}</td>
                <td>{t.fragmentStates[holder.fragment] ?? holder.fragment}</td>
                <td>{t.nodeStates[holder.state] ?? holder.state}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {admin.value && <p class="small muted">{t.moreOnNodes}</p>}
    </details>
  );
}
