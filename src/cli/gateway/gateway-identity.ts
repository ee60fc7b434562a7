import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { z } from "zod";
import type { GatewayFacts } from "../../catalog/catalog.js";
import type { Config } from "../../config/config.js";
import type { Clock } from "../../model/clock.js";
import { JsonFileStore } from "../json-file-store.js";
import { VERSION } from "../version.js";

/** Of the file in the data folder. */
const STORE_KEY = "gateway";

const savedSchema = z.object({ id: z.string().min(1).max(64), place: z.string().regex(/^[0-9a-f]{32}$/) });

/**
 * Who this gateway is. What it is called, and which place its data folder is, is made once and kept in `gateway.json`
 * there: a copy of the folder must not have that file.
 */
export async function gatewayIdentity(
  { dataDir, gateway: { id } }: Pick<Config, "dataDir" | "gateway">,
  clock: Pick<Clock, "now">,
): Promise<GatewayFacts> {
  const store = new JsonFileStore({ folder: dataDir });
  const host = hostname();
  let saved = savedSchema.safeParse(await store.get(STORE_KEY)).data;
  if (!saved) {
    saved = { id: newId(host), place: randomBytes(16).toString("hex") };
    await store.set(STORE_KEY, saved);
  }
  return {
    id: id ?? saved.id,
    incarnation: randomBytes(16).toString("hex"),
    place: saved.place,
    host,
    folder: resolve(dataDir),
    version: VERSION,
    startedAt: clock.now(),
  };
}

/** The host's name, as far as an id may have it, and what tells it from others of that name. */
function newId(host: string): string {
  const name = host.replace(/[^a-z0-9.-]/gi, "").replace(/^[.-]+|[.-]+$/g, "");
  return `${name === "" ? "gateway" : name.slice(0, 40)}-${randomBytes(4).toString("hex")}`;
}
