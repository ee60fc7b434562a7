import { z } from "zod";
import { AdminClient, type AdminOptions } from "../admin-client.js";
import { AdminError } from "../admin-error.js";

const readiness = z.object({
  status: z.string(),
  /** Absent in answers to those without the token. */
  reasons: z.array(z.object({ check: z.string(), reason: z.string() })).optional(),
});

/** `cess-s3 health`: prints how a running gateway is. Rejects with AdminError when it does not live, or is not ready. */
export async function runHealth({ ready, ...options }: AdminOptions & { readonly ready?: boolean }): Promise<void> {
  const { status, text } = await AdminClient.open(options).peek(ready === true ? "/health/ready" : "/health/live");
  if (status !== 200) throw new AdminError(explanation(text), status);
  console.log(ready === true ? "ready" : "live");
}

function explanation(text: string): string {
  try {
    const { status, reasons = [] } = readiness.parse(JSON.parse(text));
    return [status, ...reasons.map(({ check, reason }) => `${check}: ${reason}`)].join("\n  ");
  } catch {
    return text.trim();
  }
}
