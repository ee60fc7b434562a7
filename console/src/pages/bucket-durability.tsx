import type { BucketDurabilityAnswer } from "../../../src/cli/admin-answers.js";
import { FRAGMENTS } from "../../../src/model/sizes.js";
import { bytes, number } from "../lib/format.js";
import type { S3 } from "../lib/s3.js";
import { t } from "../texts.js";
import { useLoad } from "../ui/load.js";
import { BucketCrumbs, Empty, Loading, Notice, State } from "../ui/parts.js";

const ORDER = ["staged", "encoded", "declared", "placed", "stored", "failed", "damaged"];

/** How all objects of a bucket are kept, as a picture. */
export function BucketDurability({ s3, bucket }: { s3: S3; bucket: string }) {
  const { value, failure } = useLoad(() => s3.insight<BucketDurabilityAnswer>(bucket, ""), [bucket], 5_000);
  return (
    <div class="page">
      <BucketCrumbs bucket={bucket} />
      <h1>{t.durability}</h1>
      {failure.value !== "" && <Notice tone="bad">{failure.value}</Notice>}
      {!value.value && failure.value === "" && <Loading />}
      {value.value && <Picture answer={value.value} />}
    </div>
  );
}

type Group = BucketDurabilityAnswer["groups"][number];
const sum = (groups: readonly Group[], of: "objects" | "bytes") => groups.reduce((all, each) => all + each[of], 0);

function Picture({ answer: { groups, truncated } }: { answer: BucketDurabilityAnswer }) {
  const all = sum(groups, "objects");
  if (all === 0)
    return (
      <div class="card">
        <Empty icon="nodes">
          <p>{t.emptyBucket}</p>
        </Empty>
      </div>
    );
  const stored = groups.filter(({ state }) => state === "stored");
  const shares = ORDER.map((state) => ({ state, groups: groups.filter((each) => each.state === state) }));
  return (
    <>
      <div class="grid">
        <div class="card">
          <span class="muted">{t.objects}</span>
          <span class="figure">{number(all)}</span>
          <span class="muted">{bytes(sum(groups, "bytes"))}</span>
        </div>
        <div class="card">
          <span class="muted">{t.storedShare}</span>
          <span class="figure">{`${Math.floor((100 * sum(stored, "objects")) / all)} %`}</span>
          <span class="muted">{bytes(sum(stored, "bytes"))}</span>
        </div>
        <div class="card">
          <span class="muted">{t.onlyHere}</span>
          <span class="figure">{number(all - sum(stored, "objects"))}</span>
          <span class="muted">{bytes(sum(groups, "bytes") - sum(stored, "bytes"))}</span>
        </div>
      </div>
      <section class="card" aria-label={t.byState}>
        <h2>{t.byState}</h2>
        <div
          class="split"
          role="img"
          aria-label={shares.map((each) => `${t.states[each.state]}: ${sum(each.groups, "objects")}`).join(", ")}
        >
          {shares
            .filter((each) => each.groups.length > 0)
            .map((each) => (
              <i
                key={each.state}
                class={`dot ${each.state}`}
                style={{ flex: sum(each.groups, "objects"), borderRadius: 0, height: "100%", width: "auto" }}
              />
            ))}
        </div>
        <table>
          <tbody>
            {shares
              .filter((each) => each.groups.length > 0)
              .map((each) => (
                <tr key={each.state}>
                  <td>
                    <State state={each.state} />
                  </td>
                  <td class="num">{number(sum(each.groups, "objects"))}</td>
                  <td class="num">{bytes(sum(each.groups, "bytes"))}</td>
                </tr>
              ))}
          </tbody>
        </table>
        {truncated && <p class="muted">{t.countedUpTo}</p>}
      </section>
      <Redundancy groups={stored} />
    </>
  );
}

/** Objects by fragments left of their worst segment: the left is lost, the right whole. */
function Redundancy({ groups }: { groups: readonly Group[] }) {
  const counts = Array.from({ length: FRAGMENTS + 1 }, (_, left) =>
    sum(
      groups.filter(({ redundancy }) => redundancy === left),
      "objects",
    ),
  );
  const unseen = sum(
    groups.filter(({ redundancy }) => redundancy === undefined),
    "objects",
  );
  const most = Math.max(1, ...counts);
  return (
    <section class="card" aria-label={t.byRedundancy}>
      <h2>{t.byRedundancy}</h2>
      <p class="muted small">{t.redundancyHint}</p>
      <svg
        viewBox="0 0 660 190"
        role="img"
        aria-label={counts.map((count, left) => `${left}: ${count}`).join(", ")}
        style={{ width: "100%", maxWidth: "760px" }}
      >
        {counts.map((count, left) => {
          const height = count === 0 ? 2 : Math.max(4, (count / most) * 130);
          const colour = left < 4 ? "failed" : left < 8 ? "staged" : left < FRAGMENTS ? "placed" : "stored";
          return (
            <g key={left} transform={`translate(${left * 50 + 6} 0)`}>
              <rect
                x="0"
                y={155 - height}
                width="38"
                height={height}
                rx="4"
                fill={`var(--s-${colour})`}
                opacity={count === 0 ? 0.35 : 1}
              />
              <text x="19" y="174" text-anchor="middle">
                {left}
              </text>
              {count > 0 && (
                <text x="19" y={148 - height} text-anchor="middle">
                  {number(count)}
                </text>
              )}
            </g>
          );
        })}
        <line x1="203" x2="203" y1="14" y2="178" stroke="var(--bad)" stroke-dasharray="3 4" />
        <text x="208" y="20">
          {t.fourNeeded}
        </text>
      </svg>
      {unseen > 0 && <p class="muted small">{t.notYetLooked(number(unseen))}</p>}
    </section>
  );
}
