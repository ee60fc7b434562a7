import { join } from "node:path";
import type { Catalog } from "../../catalog/catalog.js";
import type { Config } from "../../config/config.js";
import { readSecret } from "../../config/secret.js";
import type { Clock } from "../../model/clock.js";
import type { KeyValueStore } from "../../model/key-value-store.js";
import { JsonFileStore } from "../json-file-store.js";
import type { RedisState } from "./redis-state.js";

/** Small state, which may be lost. */
export interface GatewayState {
  /** This gateway's own, in its data folder. */
  readonly own: KeyValueStore;
  /** That of all gateways which use the catalog; undefined where none is configured. */
  readonly shared: RedisState | undefined;
}

/** Does not wait for what is elsewhere. Throws ConfigError. */
export async function gatewayState(
  { dataDir, state: { url, passwordFile } }: Pick<Config, "dataDir" | "state">,
  catalog: Pick<Catalog, "mark">,
  clock: Clock,
): Promise<GatewayState> {
  const own = new JsonFileStore({ folder: join(dataDir, "state") });
  if (url === undefined) return { own, shared: undefined };
  const password =
    passwordFile === undefined ? undefined : readSecret(passwordFile, "state.passwordFile", "state.passwordFile");
  // Gateways of another catalog may use the same server.
  const { catalog: id } = await catalog.mark.read();
  // Loaded where it is used: each process of a gateway would have its client in memory.
  const { RedisState } = await import("./redis-state.js");
  return { own, shared: RedisState.open({ url, password, namespace: `cess-s3:${id}` }, clock) };
}
