import type { Config } from "../../config/config.js";
import type { NodeStatus } from "../../network/nodes/nodes.js";
import type { NetworkRetrieval } from "../../retrieval/network-retrieval.js";
import { FileLooks, type LookComponents } from "../../scrubbing/file-look.js";
import { NodeRound } from "../../scrubbing/node-round.js";
import { Repairer, type RepairerComponents } from "../../scrubbing/repairer.js";
import { Scrubber } from "../../scrubbing/scrubber.js";
import type { SingleWorkers } from "./single-workers.js";
import { rhythm, SCRUB_DEFAULTS, type ScrubSettings } from "../../scrubbing/settings.js";

/** Who looks after stored files. */
export interface Scrubbing {
  readonly scrubber: Scrubber;
  readonly repairer: Repairer;
}

interface ScrubbingComponents
  extends Omit<LookComponents, "fetcher" | "random" | "catalog">, Omit<RepairerComponents, "looks" | "retrieval"> {
  readonly retrieval: NetworkRetrieval;
  /** Straight to the network. */
  readonly http: NodeStatus;
  readonly single: SingleWorkers;
}

export function openScrubbing(config: Config, components: ScrubbingComponents): Scrubbing {
  const settings = scrubSettings(config);
  const { retrieval, http, single } = components;
  const looks = new FileLooks({ ...components, fetcher: retrieval.fetcher, random: Math.random }, settings);
  const scrubbing = { ...components, catalog: single.catalogOf("scrubber") };
  const nodeRound = new NodeRound({ ...scrubbing, nodes: http });
  return {
    scrubber: new Scrubber({ ...scrubbing, looks, nodeRound }, settings),
    repairer: new Repairer({ ...components, catalog: single.catalogOf("repairer"), looks }, settings),
  };
}

function scrubSettings({ scrub }: Config): ScrubSettings {
  const { days, restoralHours, bytesPerDay, repairBelow, repairBytesPerDay, repairs } = scrub;
  const restoralMs = restoralHours * 3_600_000;
  const walkMs = days * 86_400_000;
  const limits = { bytesPerDay, repairBelow, repairBytesPerDay, repairs };
  return { ...SCRUB_DEFAULTS, ...limits, walkMs, restoralMs, ...rhythm(restoralMs) };
}
