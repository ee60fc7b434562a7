import { useEffect } from "preact/hooks";
import type { SampleAnswer, StatusAnswer } from "../../../src/cli/admin-answers.js";
import type { Admin } from "../lib/admin.js";
import { alarmsOf } from "../lib/alarms.js";
import { bytes, compact, duration, number } from "../lib/format.js";
import { follow, live, samples, status } from "../lib/live.js";
import { link } from "../lib/router.js";
import { t } from "../texts.js";
import { Chart, type Line } from "../ui/chart.js";
import { Badge, Loading, Notice } from "../ui/parts.js";

/** Whether the gateway is well, at a glance; and the last hour. */
export function Overview({ admin }: { admin: Admin }) {
  useEffect(() => {
    const abort = new AbortController();
    void follow(admin, abort.signal);
    return () => abort.abort();
  }, [admin]);
  const now = status.value;
  if (!now) return <Loading />;
  return (
    <div class="page">
      <div class="head">
        <h1>{t.overview}</h1>
        <Badge tone={now.ready ? "good" : "bad"}>{now.ready ? t.ready : t.notReady}</Badge>
        <span class="spacer" />
        <span class="small muted">{t.runsSince(now.version, duration(now.uptimeSeconds))}</span>
        <Badge tone={live.value ? "good" : "warn"}>{live.value ? t.live : t.reconnecting}</Badge>
      </div>
      <Alarms status={now} />
      <Figures status={now} />
      <Flow status={now} />
      <Charts samples={samples.value} />
      <Territories status={now} />
    </div>
  );
}

function Alarms({ status }: { status: StatusAnswer }) {
  const alarms = alarmsOf(status, Date.now());
  if (alarms.length === 0) return <Notice tone="good">{t.allWell}</Notice>;
  return (
    <section class="stack" aria-label={t.alarms} style={{ gap: "8px" }}>
      {alarms.map(({ tone, text, page }) => (
        <Notice key={text} tone={tone}>
          {text} {page && <a href={link([page])}>{t.look}</a>}
        </Notice>
      ))}
    </section>
  );
}

function Figures({ status: { chain, staged, cache, nodes, jobs } }: { status: StatusAnswer }) {
  const last = samples.value.at(-1);
  const rate = Object.values(last?.operations ?? {}).reduce((sum, each) => sum + each, 0);
  const open = jobs.reduce((sum, { count }) => sum + count, 0);
  const oldest = staged.oldest === undefined ? undefined : (Date.now() - Date.parse(staged.oldest)) / 1000;
  const hits = cache.memory.hits + cache.disk.hits;
  const positive = nodes.states.positive ?? 0;
  const figures: readonly (readonly [string, string, string])[] = [
    [
      t.requests,
      t.perSecond(number(Math.round(rate * 10) / 10)),
      last?.p95Ms === undefined ? t.noRequests : t.p95(ms(last.p95Ms)),
    ],
    [t.stagedBytes, bytes(staged.bytes), oldest === undefined ? t.nothingWaits : t.oldest(duration(oldest))],
    [t.chain, chain.height === undefined ? "\u2013" : `#${number(chain.height)}`, chainText(chain)],
    [t.feeBalance, chain.feeBalanceTokens === undefined ? "\u2013" : compact(chain.feeBalanceTokens), t.tokens],
    [t.storageNodes, number(positive), nodes.cooldown > 0 ? t.inCooldown(number(nodes.cooldown)) : t.allServe],
    [t.jobs, number(open), t.cacheUse(bytes(cache.memory.bytes + cache.disk.bytes), number(hits))],
  ];
  return (
    <div class="grid" style={{ gridTemplateColumns: "repeat(auto-fit, minmax(150px, 1fr))" }}>
      {figures.map(([name, value, more]) => (
        <div class="card" key={name} style={{ gap: "3px" }}>
          <span class="small muted">{name}</span>
          <span class="figure">{value}</span>
          <span class="small muted">{more}</span>
        </div>
      ))}
    </div>
  );
}

const ms = (value: number) =>
  value >= 1000 ? `${number(Math.round(value / 100) / 10)} s` : `${number(Math.round(value))} ms`;

const chainText = ({ connected, lagSeconds }: StatusAnswer["chain"]) =>
  !connected ? t.chainAway : lagSeconds === undefined ? t.connected : t.lag(duration(lagSeconds));

const STEPS = ["staged", "encoded", "declared", "placed", "stored"] as const;

/** Objects on their way into the network. */
function Flow({ status: { objects, packs } }: { status: StatusAnswer }) {
  const rest = (objects.failed ?? 0) + (objects.damaged ?? 0);
  return (
    <section class="card" aria-label={t.flow}>
      <div class="row">
        <h2>{t.flow}</h2>
        <span style={{ flex: 1 }} />
        {packs.waitingObjects > 0 && <Badge>{t.waitForPack(number(packs.waitingObjects))}</Badge>}
        {rest > 0 && <Badge tone="bad">{t.failedOnes(number(rest))}</Badge>}
      </div>
      <div class="flow">
        {STEPS.map((step) => (
          <div class="step" key={step} style={{ color: `var(--s-${step})` }}>
            <div class={(objects[step] ?? 0) > 0 ? "track lit" : "track"} />
            <span class="figure" style={{ color: "var(--text)" }}>
              {number(objects[step] ?? 0)}
            </span>
            <span class="small" style={{ color: "var(--text)" }}>
              <strong>{t.states[step]}</strong>
              <br class="hide-phone" />
              <span class="muted hide-phone">{t.stateMeanings[step]}</span>
            </span>
          </div>
        ))}
      </div>
    </section>
  );
}

const COLOURS = [
  "var(--s-declared)",
  "var(--s-stored)",
  "var(--s-staged)",
  "var(--s-encoded)",
  "var(--s-placed)",
  "var(--muted)",
];

function Charts({ samples: all }: { samples: readonly SampleAnswer[] }) {
  const times = all.map(({ time }) => Date.parse(time));
  const line = (name: string, colour: string, of: (sample: SampleAnswer) => number | undefined): Line => ({
    name,
    colour,
    values: all.map(of),
  });
  return (
    <div class="grid wide">
      <Chart
        title={t.requestsPerSecond}
        times={times}
        lines={operationLines(all)}
        format={(value) => number(Math.round(value * 10) / 10)}
      />
      <Chart
        title={t.errorsPerSecond}
        times={times}
        format={(value) => number(Math.round(value * 100) / 100)}
        lines={[
          line(t.clientErrors, "var(--s-staged)", ({ clientErrors }) => clientErrors),
          line(t.serverErrors, "var(--s-failed)", ({ serverErrors }) => serverErrors),
        ]}
      />
      <Chart
        title={t.latency}
        times={times}
        least={10}
        format={ms}
        lines={[
          line(t.half, "var(--s-stored)", ({ p50Ms }) => p50Ms),
          line("95 %", "var(--s-declared)", ({ p95Ms }) => p95Ms),
          line("99 %", "var(--s-encoded)", ({ p99Ms }) => p99Ms),
        ]}
      />
      <Chart
        title={t.bytesPerSecond}
        times={times}
        least={1024}
        format={bytes}
        lines={[
          line(t.bytesIn, "var(--s-declared)", ({ bytesIn }) => bytesIn),
          line(t.bytesOut, "var(--s-stored)", ({ bytesOut }) => bytesOut),
        ]}
      />
      <Chart
        title={t.stagedOverTime}
        times={times}
        least={1024}
        format={bytes}
        lines={[line(t.stagedBytes, "var(--s-staged)", ({ stagedBytes }) => stagedBytes)]}
      />
      <Chart
        title={t.oldestOverTime}
        times={times}
        least={60}
        format={duration}
        lines={[line(t.oldestStaged, "var(--s-placed)", ({ oldestSeconds }) => oldestSeconds)]}
      />
    </div>
  );
}

/** The five operations that were asked most, and the others together. */
function operationLines(all: readonly SampleAnswer[]): Line[] {
  const sums = new Map<string, number>();
  for (const { operations } of all)
    for (const [name, rate] of Object.entries(operations)) sums.set(name, (sums.get(name) ?? 0) + rate);
  const names = [...sums].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const shown = names.slice(0, 5);
  const rest = names.slice(5);
  const lines = shown.map((name, at) => ({
    name,
    colour: COLOURS[at] ?? "var(--muted)",
    stacked: true,
    values: all.map(({ operations }) => operations[name] ?? 0),
  }));
  if (rest.length > 0)
    lines.push({
      name: t.otherOperations,
      colour: "var(--muted)",
      stacked: true,
      values: all.map(({ operations }) => rest.reduce((sum, name) => sum + (operations[name] ?? 0), 0)),
    });
  return lines;
}

function Territories({ status: { territories } }: { status: StatusAnswer }) {
  if (territories.length === 0) return null;
  return (
    <section class="card flush scroll" tabIndex={0} aria-label={t.territories}>
      <table>
        <thead>
          <tr>
            <th>{t.territory}</th>
            <th>{t.state}</th>
            <th style={{ width: "34%" }}>{t.used}</th>
            <th class="num">{t.timeLeft}</th>
          </tr>
        </thead>
        <tbody>
          {territories.map((each) => {
            const share = each.totalBytes === 0 ? 0 : (each.usedBytes + each.lockedBytes) / each.totalBytes;
            return (
              <tr key={`${each.account} ${each.territory}`}>
                <td>
                  <strong>{each.territory}</strong>
                  <div class="small muted">{each.account}</div>
                </td>
                <td>
                  <Badge tone={each.state === "active" ? "good" : "bad"}>{each.state}</Badge>
                </td>
                <td>
                  <div class="bar">
                    <i
                      class={share > 0.9 ? "bad" : share > 0.75 ? "warn" : "good"}
                      style={{ width: `${Math.max(1, share * 100)}%` }}
                    />
                  </div>
                  <div class="small muted">
                    {t.ofTotal(bytes(each.usedBytes + each.lockedBytes), bytes(each.totalBytes))}
                  </div>
                </td>
                <td class="num">{duration(each.secondsLeft)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
