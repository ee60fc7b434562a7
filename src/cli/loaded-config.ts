import { configSchema } from "../config/config.js";
import type { Settings } from "../config/settings.js";
import type { LoadedConfig } from "./gateway/gateway-reload.js";

/** Checks settings that were read. Throws ConfigError. */
export function loadedOf(settings: Settings): LoadedConfig {
  return { config: settings.check(configSchema), locate: (work) => settings.locate(work) };
}
