import type { Config } from "../../config/config.js";
import { endpointName } from "../../network/chain/endpoint-name.js";
import type { Clock } from "../../model/clock.js";
import type { EndpointFailure } from "../../network/chain/endpoint-probe.js";
import { probeEndpoint, type EndpointReport } from "../../network/chain/endpoint-probe.js";
import { failure, ok, warning, type Finding } from "./finding.js";

/** How long an endpoint may take to say what it is, ms. */
const TIMEOUT_MS = 15_000;
/** S3 refuses signatures that are further off. */
const SKEW_LIMIT_MS = 15 * 60_000;
/** The newest block may be so many block times old before the clock or the chain is suspected; and at least this, ms. */
const LATE_BLOCKS = 5;
const LATE_MS = 60_000;
/** Fewer blocks than this between endpoints are differences in time. */
const BEHIND_BLOCKS = 10;

export interface ProbedChain {
  readonly findings: readonly Finding[];
  /** Endpoints that serve the chain. */
  readonly usable: readonly string[];
}

/** Each endpoint by itself, whether they agree, and this machine's clock against the newest block. */
export async function chainEndpoints({ chain }: Pick<Config, "chain">, clock: Clock): Promise<ProbedChain> {
  const probed = await Promise.all(
    chain.endpoints.map(async (endpoint) => ({
      endpoint,
      report: await probeEndpoint(endpoint, { timeoutMs: TIMEOUT_MS }).catch((error: unknown) => error),
    })),
  );
  const reports = probed.flatMap(({ endpoint, report }) => (isReport(report) ? [{ endpoint, report }] : []));
  const genesis = reports[0]?.report.genesis;
  const best = Math.max(...reports.map(({ report }) => report.best));
  const findings = probed.map(({ endpoint, report }) => judged(endpoint, report, genesis, best));
  const usable = probed.flatMap(({ endpoint, report }, index) =>
    isReport(report) && findings[index]?.level !== "error" ? [{ endpoint, report }] : [],
  );
  const newest = usable.map(({ report }) => report).sort((a, b) => b.best - a.best)[0];
  return {
    findings: [...findings, ...(newest ? clockAgainst(newest.blockTimeMs, chain.blockMs, clock) : [])],
    usable: usable.map(({ endpoint }) => endpoint),
  };
}

function judged(url: string, report: unknown, genesis: string | undefined, best: number): Finding {
  const check = "chain endpoint";
  const endpoint = endpointName(url);
  if (!isReport(report)) {
    const { kind, message: said } = report as EndpointFailure;
    const message = said.replaceAll(`${endpoint}: `, "");
    if (kind === "unreachable")
      return failure(
        check,
        `${endpoint} cannot be reached: ${message}`,
        "check the address and the network; is the node running?",
      );
    return failure(
      check,
      `${endpoint} answers, but not as a chain's node: ${message}`,
      "write the WebSocket address of a CESS node, such as wss://chain.example.com",
    );
  }
  const what = `${endpoint} serves ${report.chain} (${report.specName} ${report.specVersion}), block ${report.best}, answers in ${report.answerMs} ms`;
  if (!report.isCess) return failure(check, `${what}: this is not a CESS chain`, "write the address of a CESS node");
  if (report.genesis !== genesis)
    return failure(
      check,
      `${what}: this is another chain than that of the first endpoint`,
      "all endpoints must serve one chain",
    );
  if (report.isSyncing) return warning(check, `${what}: it is still syncing`, "wait, or add another endpoint");
  if (best - report.best > BEHIND_BLOCKS)
    return warning(check, `${what}: it is ${best - report.best} blocks behind another endpoint`, "wait, or replace it");
  return ok(check, what);
}

function isReport(report: unknown): report is EndpointReport {
  return !(report instanceof Error);
}

/** This machine's clock against the time of the newest block, ms since 1970. */
export function clockAgainst(blockTimeMs: number | undefined, blockMs: number, clock: Clock): Finding[] {
  if (blockTimeMs === undefined) return [];
  const ahead = clock.now() - blockTimeMs;
  const late = Math.max(LATE_MS, LATE_BLOCKS * blockMs);
  if (ahead > -LATE_MS && ahead < late)
    return [
      ok("clock", `it agrees with the chain: the newest block is ${Math.max(0, Math.round(ahead / 1000))} s old`),
    ];
  const minutes = Math.round(Math.abs(ahead) / 60_000);
  const text =
    ahead < 0
      ? `this machine's clock is ${minutes} minutes behind the chain's`
      : `the newest block is ${minutes} minutes old: this machine's clock is ahead, or the chain stands still`;
  const remedy = "set the clock by NTP (timedatectl set-ntp true): clients with a right clock are refused otherwise";
  return [(Math.abs(ahead) >= SKEW_LIMIT_MS ? failure : warning)("clock", text, remedy)];
}
