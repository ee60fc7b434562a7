import { configSchema } from "../../config/config.js";
import { gatewaySettings } from "../../config/load.js";
import { shownSettings } from "../../config/shown.js";

/** `cess-s3 config show`: what `serve` would use, and where each value comes from. Throws ConfigError. */
export function runConfigShow(file: string | undefined): void {
  const settings = gatewaySettings(file);
  settings.check(configSchema);
  process.stdout.write(shownSettings(settings));
}
