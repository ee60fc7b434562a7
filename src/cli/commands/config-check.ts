import { gatewaySettings } from "../../config/load.js";
import { examineConfiguration } from "../doctor/doctor.js";
import { reportFindings } from "../doctor/finding.js";
import { orInvalid } from "../doctor/invalid.js";

export interface ConfigCheckOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly offline?: boolean;
}

/**
 * `cess-s3 config check`: whether `serve` can use the configuration and what it names, and, unless `offline`, whether the
 * chain knows the accounts and territories in it.
 */
export async function runConfigCheck({ config, json, offline }: ConfigCheckOptions): Promise<void> {
  const look = () => examineConfiguration(gatewaySettings(config), { offline: offline ?? false });
  reportFindings(await orInvalid(look), { json: json ?? false });
}
