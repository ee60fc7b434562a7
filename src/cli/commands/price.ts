import { ConfigError } from "../../config/config-error.js";
import type { Config } from "../../config/config.js";
import { loadConfig } from "../../config/load.js";
import { bytes } from "../../config/quantity.js";
import { sealedLength } from "../../encoding/run-cipher.js";
import { objectCharge } from "../../model/charge.js";
import { segmentCount, PLAIN, type SegmentFormat } from "../../model/file.js";
import { GIB, MAX_SEGMENTS_PER_FILE } from "../../model/sizes.js";
import { estimatePacks } from "../../packing/pack-estimate.js";
import { PACKER_DEFAULTS } from "../../packing/packer.js";
import { bytesText, tableText } from "../text.js";
import type { AllCosts, Bill, Bills, Costs } from "./price-costs.js";

interface Settings {
  readonly packing: Pick<Config["packing"], "maxObjectBytes" | "segments">;
  readonly encrypted: boolean;
  readonly endpoints: readonly string[];
}

const DEFAULTS: Settings["packing"] = { maxObjectBytes: 8 * 2 ** 20, segments: PACKER_DEFAULTS.segments };

/** `cess-s3 price SIZE COUNT`: what objects are charged, in packs and in files of their own. */
export async function runPrice(
  size: string,
  count: string,
  options: { readonly config?: string; readonly chain?: string; readonly json?: boolean },
): Promise<void> {
  const parsed = bytes.safeParse(size);
  if (!parsed.success) throw new ConfigError(`SIZE is ${parsed.error.issues[0]?.message ?? "no size"}`);
  if (!/^[1-9]\d{0,11}$/.test(count))
    throw new ConfigError(`COUNT must be a whole number from 1 to 999999999999: ${count}`);
  const settings = settingsOf(options);
  const objects = { size: parsed.data, count: Number(count) };
  const bills = { packs: packBill(objects, settings), ownFiles: ownFileBill(objects, settings) };
  const costs = await costsAt(settings.endpoints, bills);
  console.log(options.json ? JSON.stringify(answer(objects, bills, costs), undefined, 2) : text(objects, bills, costs));
}

interface Objects {
  readonly size: number;
  readonly count: number;
}

function settingsOf({ config: file, chain }: { readonly config?: string; readonly chain?: string }): Settings {
  if (chain !== undefined && !/^wss?:\/\//.test(chain))
    throw new ConfigError(`--chain must be a URL that begins with ws:// or wss://: ${chain}`);
  if (file === undefined) return { packing: DEFAULTS, encrypted: false, endpoints: chain === undefined ? [] : [chain] };
  const config = loadConfig(file);
  return {
    packing: config.packing,
    encrypted: config.encryption.default !== "none",
    endpoints: chain === undefined ? config.chain.endpoints : [chain],
  };
}

/** Undefined for objects that are not packed. */
function packBill({ size, count }: Objects, { packing, encrypted }: Settings): Bill | undefined {
  if (size === 0 || size > packing.maxObjectBytes) return undefined;
  const stored = encrypted ? sealedLength(size) : size;
  const { maxObjects } = PACKER_DEFAULTS;
  const { packs, segmentsOfFull, segmentsOfLast } = estimatePacks(count, stored, {
    segments: packing.segments,
    maxObjects,
  });
  return billOf([
    { segments: segmentsOfFull, count: packs - 1 },
    { segments: segmentsOfLast, count: 1 },
  ]);
}

function ownFileBill({ size, count }: Objects, { encrypted }: Settings): Bill {
  const format: SegmentFormat = encrypted ? { name: "aes-256-gcm", first: 0 } : PLAIN;
  const segments = segmentCount(size, format);
  return billOf([
    { segments: MAX_SEGMENTS_PER_FILE, count: count * Math.floor(segments / MAX_SEGMENTS_PER_FILE) },
    { segments: segments % MAX_SEGMENTS_PER_FILE, count },
  ]);
}

function billOf(all: Bill["orders"]): Bill {
  const orders = all.filter(({ segments, count }) => segments > 0 && count > 0);
  const chargedBytes = objectCharge({
    segments: orders.reduce((sum, { segments, count }) => sum + segments * count, 0),
  });
  return {
    files: orders.reduce((sum, { count }) => sum + count, 0),
    chargedBytes,
    territoryGib: chargedBytes === 0 ? 0 : Math.floor(chargedBytes / GIB) + 1,
    orders,
  };
}

/** Undefined without an endpoint: what speaks to a chain takes a second to load. */
async function costsAt(endpoints: readonly string[], bills: Bills): Promise<AllCosts | undefined> {
  if (endpoints.length === 0) return undefined;
  const { costsOf } = await import("./price-costs.js");
  return costsOf(endpoints, bills);
}

function answer({ size, count }: Objects, { packs, ownFiles }: Bills, costs: AllCosts | undefined) {
  const shown = (bill: Bill, cost: Costs | undefined) => ({
    files: bill.files,
    chargedBytes: bill.chargedBytes,
    territoryGib: bill.territoryGib,
    ...(cost && { token: cost.token, tokensPer30Days: cost.month, feeTokens: cost.fees }),
  });
  return {
    size,
    count,
    ...(packs && { packs: shown(packs, costs?.packs) }),
    ownFiles: shown(ownFiles, costs?.ownFiles),
  };
}

function text({ size, count }: Objects, { packs, ownFiles }: Bills, costs: AllCosts | undefined): string {
  const row = (name: string, bill: Bill, cost: Costs | undefined) => [
    name,
    String(bill.files),
    bytesText(bill.chargedBytes),
    `${bill.territoryGib} GiB`,
    ...(cost ? [`${amount(cost.month)} ${cost.token}`, `${amount(cost.fees)} ${cost.token}`] : []),
  ];
  const title = ["", "files", "charged", "territory", ...(costs ? ["30 days", "fees, once"] : [])];
  const rows = [
    title,
    ...(packs ? [row("in packs", packs, costs?.packs)] : []),
    row("files of their own", ownFiles, costs?.ownFiles),
  ];
  const notes = [
    packs
      ? "Packs are reckoned as full as they get: objects that come slowly make more of them, until these are merged."
      : "Objects of this size are not packed.",
    ...(costs ? [] : ["With --chain URL or --config FILE it also tells what this costs in tokens."]),
  ];
  return [`${count} objects of ${bytesText(size)}`, tableText(rows), ...notes].join("\n");
}

/** Four digits, and all before the point. */
const amount = (tokens: number) =>
  tokens >= 1000 ? String(Math.round(tokens)) : String(Number(tokens.toPrecision(4)));
