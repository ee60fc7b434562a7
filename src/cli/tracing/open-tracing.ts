import type { Config } from "../../config/config.js";
import type { Tracing } from "./tracing.js";

/** Undefined where no traces are wanted: then OpenTelemetry is not even loaded. */
export async function openTracing({ endpoint, ratio }: Config["tracing"]): Promise<Tracing | undefined> {
  if (endpoint === undefined) return undefined;
  const { OpenTelemetry } = await import("./open-telemetry.js");
  return new OpenTelemetry({ endpoint, ratio });
}
