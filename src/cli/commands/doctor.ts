import { gatewaySettings } from "../../config/load.js";
import { examine } from "../doctor/doctor.js";
import { reportFindings } from "../doctor/finding.js";
import { orInvalid } from "../doctor/invalid.js";

/** `cess-s3 doctor`: looks at everything that `serve` depends on, and says what to do. */
export async function runDoctor({
  config,
  json,
}: {
  readonly config?: string;
  readonly json?: boolean;
}): Promise<void> {
  reportFindings(await orInvalid(() => examine(gatewaySettings(config))), { json: json ?? false });
}
