import { gatewaySettings } from "../../config/load.js";
import { examineConfiguration } from "../doctor/doctor.js";
import { reportFindings } from "../doctor/finding.js";

/** `cess-s3 config check`: whether `serve` would start with it, without the chain. Throws ConfigError. */
export async function runConfigCheck({
  config,
  json,
}: {
  readonly config?: string;
  readonly json?: boolean;
}): Promise<void> {
  reportFindings(await examineConfiguration(gatewaySettings(config)), { json: json ?? false });
}
