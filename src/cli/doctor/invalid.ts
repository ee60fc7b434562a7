import { ConfigError } from "../../config/config-error.js";
import { failure, type Finding } from "./finding.js";

/** What `look` finds; where the configuration cannot be used at all, that alone. */
export async function orInvalid(look: () => Promise<Finding[]>): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [
      failure("configuration", error.message, "docs/configuration.md has every setting, `cess-s3 init` an example"),
    ];
  }
}
