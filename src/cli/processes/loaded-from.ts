import { ConfigError } from "../../config/config-error.js";
import type { LoadConfig } from "../gateway/gateway-reload.js";
import type { Reloaded } from "./messages.js";

/** A configuration that the primary has read, or could not read. */
export function loadedFrom(loaded: Reloaded): LoadConfig {
  return () => {
    if ("refused" in loaded) throw new ConfigError(loaded.refused);
    return { config: loaded.config, locate: (work) => work() };
  };
}
