import { gatewaySettings } from "../../config/load.js";
import { examine } from "../doctor/doctor.js";
import { reportFindings } from "../doctor/finding.js";

/** `cess-s3 doctor`: looks at everything that `serve` depends on, and says what to do. Throws ConfigError. */
export async function runDoctor({
  config,
  json,
}: {
  readonly config?: string;
  readonly json?: boolean;
}): Promise<void> {
  reportFindings(await examine(gatewaySettings(config)), { json: json ?? false });
}
