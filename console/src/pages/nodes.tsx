import { useSignal } from "@preact/signals";
import type { NodeSampleAnswer } from "../../../src/cli/admin-answers.js";
import type { NodeView } from "../../../src/cli/gateway/routes/node-view.js";
import type { Admin } from "../lib/admin.js";
import { bytes, duration, number, short } from "../lib/format.js";
import { t } from "../texts.js";
import { Chart } from "../ui/chart.js";
import { useLoad } from "../ui/load.js";
import { Badge, Empty, Loading, Notice } from "../ui/parts.js";

type Sort = "quality" | "endpoint" | "speed" | "fragments" | "failures";

/** Storage nodes as the chain lists them, and as this gateway has found them to be. */
export function Nodes({ admin }: { admin: Admin }) {
  const { value, failure } = useLoad(() => admin.get<NodeView[]>("/nodes"), [admin], 5_000);
  const chosen = useSignal<string | undefined>(undefined);
  const sort = useSignal<Sort>("quality");
  const rows = value.value;
  if (!rows) return failure.value === "" ? <Loading /> : <Notice tone="bad">{failure.value}</Notice>;
  const node = rows.find(({ account }) => account === chosen.value);
  const byRegion = rows.some(({ region }) => region !== undefined);
  const title = byRegion ? t.byRegion : t.byNetwork;
  return (
    <div class="page">
      <div class="head">
        <h1>{t.nodes}</h1>
        <span class="muted">{t.nodeCount(number(rows.filter(({ registered }) => registered).length))}</span>
      </div>
      {failure.value !== "" && <Notice tone="bad">{failure.value}</Notice>}
      {rows.length === 0 ? (
        <div class="card">
          <Empty icon="nodes">
            <p>{t.noNodes}</p>
          </Empty>
        </div>
      ) : (
        <>
          <section class="card" aria-label={title}>
            <h2>{title}</h2>
            <Picture
              rows={rows}
              byRegion={byRegion}
              chosen={chosen.value}
              onChoose={(account) => (chosen.value = account)}
            />
            <div class="legend">
              {(["good", "fair", "cool", "bad", "off"] as const).map((kind) => (
                <span key={kind} class="row" style={{ gap: "6px" }}>
                  <i
                    class={`node ${kind === "good" ? "" : kind}`}
                    style={{ width: "13px", height: "13px", borderRadius: "3px" }}
                  />
                  {t.nodeKinds[kind]}
                </span>
              ))}
            </div>
            {node && <Details node={node} />}
            {node && <NodeCharts admin={admin} account={node.account} />}
          </section>
          <Table rows={rows} sort={sort.value} onSort={(next) => (sort.value = next)} />
        </>
      )}
    </div>
  );
}

function kindOf({ registered, state, openUntil, quality }: NodeView): "good" | "fair" | "cool" | "bad" | "off" {
  if (!registered || state === "exit" || state === "offline") return "off";
  if (state !== "positive") return "bad";
  if (openUntil !== undefined && openUntil > Date.now()) return "cool";
  return quality < 0.5 ? "fair" : "good";
}

/** Of an endpoint: an IPv4 address's first two numbers, or the host's domain. */
function networkOf(endpoint = ""): string {
  const host = endpoint.replace(/^\w+:\/\//, "").replace(/[:/].*$/, "");
  const [, ip] = /^(\d+\.\d+)\.\d+\.\d+$/.exec(host) ?? [];
  if (ip !== undefined) return `${ip}.0.0/16`;
  return host.split(".").slice(-2).join(".") || t.unknownNetwork;
}

interface PictureProps {
  rows: readonly NodeView[];
  byRegion: boolean;
  chosen: string | undefined;
  onChoose: (account: string) => void;
}

function Picture(props: PictureProps) {
  const networks = new Map<string, NodeView[]>();
  for (const row of props.rows) {
    const network = props.byRegion ? (row.region ?? t.noRegion) : networkOf(row.endpoint);
    networks.set(network, [...(networks.get(network) ?? []), row]);
  }
  return (
    <div class="nodes">
      {[...networks]
        .sort(([, a], [, b]) => b.length - a.length)
        .map(([network, nodes]) => (
          <div class="network" key={network}>
            <span class="small muted">
              {network} · {nodes.length}
            </span>
            <div class="tiles">
              {nodes.map((node) => {
                const kind = kindOf(node);
                const text = `${node.endpoint ?? short(node.account)}: ${t.nodeKinds[kind]}`;
                return (
                  <button
                    key={node.account}
                    class={`node ${kind === "good" ? "" : kind} ${node.account === props.chosen ? "chosen" : ""}`}
                    aria-label={text}
                    title={text}
                    onClick={() => props.onChoose(node.account)}
                  />
                );
              })}
            </div>
          </div>
        ))}
    </div>
  );
}

/** A node's last hour. */
function NodeCharts({ admin, account }: { admin: Admin; account: string }) {
  const { value, failure } = useLoad(
    () => admin.get<NodeSampleAnswer[]>(`/nodes/${encodeURIComponent(account)}/history`),
    [admin, account],
    30_000,
  );
  const samples = value.value;
  if (failure.value !== "") return <Notice tone="bad">{failure.value}</Notice>;
  if (!samples) return <Loading />;
  if (samples.length < 2) return <p class="muted small">{t.noNodeHistory}</p>;
  const times = samples.map(({ time }) => Date.parse(time));
  const line = (name: string, colour: string, of: (sample: NodeSampleAnswer, at: number) => number | undefined) => ({
    name,
    colour,
    values: samples.map(of),
  });
  const since = ({ failures }: NodeSampleAnswer, at: number) =>
    Math.max(0, failures - (samples[at - 1]?.failures ?? failures));
  const whole = (value: number) => number(Math.round(value));
  return (
    <div class="grid">
      <Chart
        title={t.quality}
        times={times}
        least={100}
        format={(value) => `${whole(value)} %`}
        lines={[line(t.quality, "var(--s-stored)", ({ quality }) => quality * 100)]}
      />
      <Chart
        title={t.latency}
        times={times}
        least={10}
        format={(value) => `${whole(value)} ms`}
        lines={[
          line(t.sending, "var(--s-declared)", ({ putMs }) => putMs),
          line(t.fetching, "var(--s-encoded)", ({ getMs }) => getMs),
        ]}
      />
      <Chart
        title={t.failures}
        times={times}
        least={5}
        format={whole}
        lines={[line(t.failuresEach, "var(--s-failed)", since)]}
      />
    </div>
  );
}

function Details({ node }: { node: NodeView }) {
  const facts: readonly (readonly [string, string | undefined])[] = [
    [t.node, node.account],
    [t.endpoint, node.endpoint],
    [t.operator, node.operator],
    [t.standing, t.nodeStates[node.state ?? "unregistered"] ?? node.state],
    [t.cooldown, node.openUntil === undefined ? undefined : t.inTime(duration((node.openUntil - Date.now()) / 1000))],
    [t.lastFailure, node.lastFailure],
    [t.reportsSeen, number(node.reports)],
    [t.missedReports, number(node.missedReports)],
    [t.corruptSeen, number(node.corrupt)],
    [t.region, node.region],
    [t.fragmentsHere, number(node.fragments)],
    [t.idleSpace, node.idleBytes === undefined ? undefined : bytes(node.idleBytes)],
  ];
  return (
    <dl aria-live="polite">
      {facts.map(([name, text]) =>
        text === undefined ? null : (
          <>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </>
        ),
      )}
    </dl>
  );
}

const speed = ({ put, get }: NodeView) => Math.max(put.bytesPerSecond ?? 0, get.bytesPerSecond ?? 0);

const ORDERS: Readonly<Record<Sort, (a: NodeView, b: NodeView) => number>> = {
  quality: (a, b) => b.quality - a.quality,
  endpoint: (a, b) => (a.endpoint ?? "").localeCompare(b.endpoint ?? "", "en", { numeric: true }),
  speed: (a, b) => speed(b) - speed(a),
  fragments: (a, b) => b.fragments - a.fragments,
  failures: (a, b) => b.failures - a.failures,
};

function Table({ rows, sort, onSort }: { rows: readonly NodeView[]; sort: Sort; onSort: (sort: Sort) => void }) {
  const head = (name: Sort, text: string, num = false) => (
    <th class={num ? "num" : ""} aria-sort={sort === name ? "descending" : "none"}>
      <button onClick={() => onSort(name)}>
        {text}
        {sort === name ? " \u2193" : ""}
      </button>
    </th>
  );
  const rate = (value: number | undefined) => (value === undefined ? "\u2013" : `${bytes(value)}/s`);
  const latency = (value: number | undefined) => (value === undefined ? "" : `${number(Math.round(value))} ms`);
  return (
    <div class="card flush scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head("endpoint", t.node)}
            <th>{t.state}</th>
            {head("quality", t.quality, true)}
            {head("speed", t.sending, true)}
            <th class="num">{t.fetching}</th>
            {head("fragments", t.fragmentsHere, true)}
            <th class="num">{t.reportsSeen}</th>
            {head("failures", t.failures, true)}
          </tr>
        </thead>
        <tbody>
          {[...rows].sort(ORDERS[sort]).map((node) => {
            const kind = kindOf(node);
            return (
              <tr key={node.account}>
                <td>
                  <span class="mono">{node.endpoint ?? t.gone}</span>
                  <div class="small muted mono" title={node.account}>
                    {short(node.account, 8, 6)}
                  </div>
                </td>
                <td>
                  <Badge tone={kind === "good" ? "good" : kind === "bad" ? "bad" : kind === "off" ? "" : "warn"}>
                    {t.nodeKinds[kind]}
                  </Badge>
                  {node.openUntil !== undefined && node.openUntil > Date.now() && (
                    <div class="small muted">
                      {t.inTime(duration((node.openUntil - Date.now()) / 1000))}
                      {node.lastFailure !== undefined && ` \u00b7 ${node.lastFailure.slice(0, 120)}`}
                    </div>
                  )}
                </td>
                <td class="num">{`${Math.round(node.quality * 100)} %`}</td>
                <td class="num">
                  {rate(node.put.bytesPerSecond)}
                  <div class="small muted">{latency(node.put.p50Ms)}</div>
                </td>
                <td class="num">
                  {rate(node.get.bytesPerSecond)}
                  <div class="small muted">{latency(node.get.p50Ms)}</div>
                </td>
                <td class="num">{number(node.fragments)}</td>
                <td class="num">{number(node.reports)}</td>
                <td class="num">{number(node.failures)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
