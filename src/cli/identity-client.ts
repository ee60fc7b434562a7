import type { z } from "zod";
import { AdminClient, type AdminOptions } from "./admin-client.js";
import { AdminError } from "./admin-error.js";
import type { IdentityRequest } from "./gateway/identity-requests.js";

/**
 * Asks the running gateway. Where none answers, and `--admin` does not insist on one, works on the data folder itself,
 * under its lock: a gateway that runs all the same is never written past. Rejects with AdminError or ConfigError.
 */
export async function askIdentity<T extends z.ZodType>(
  options: AdminOptions,
  request: IdentityRequest,
  schema: T,
): Promise<z.output<T>> {
  const client = AdminClient.open(options);
  try {
    return await askGateway(client, request, schema);
  } catch (error) {
    if (!(error instanceof AdminError) || error.status !== 0 || options.admin !== undefined) throw error;
    // Loaded only here: addresses of the chain alone take a second of processor time to load.
    const { onFolder } = await import("./offline-identity.js");
    return schema.parse(await onFolder(options.config, request, error));
  }
}

function askGateway<T extends z.ZodType>(
  client: AdminClient,
  { method, path, body }: IdentityRequest,
  schema: T,
): Promise<z.output<T>> {
  if (method === "GET") return client.get(path, schema);
  return method === "DELETE" ? client.delete(path, schema) : client.post(path, body, schema);
}
