import { ConfigError } from "../config/config-error.js";
import type { ListenAddress } from "../config/quantity.js";

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "something listens there already, another program or another listener of this one; choose another port",
  EADDRNOTAVAIL: "this machine does not have that address; 0.0.0.0 and [::] stand for all that it has",
  EACCES: "this user may not listen on that port; choose one above 1023",
  EPERM: "this user may not listen on that port; choose one above 1023",
  ENOTFOUND: "there is no such host name; write an IP address",
  EAI_AGAIN: "the host name cannot be looked up; write an IP address",
};

/** `host:port`, with an IPv6 address in brackets. */
const hostAndPort = (host: string, port: number) => `${host.includes(":") ? `[${host}]` : host}:${port}`;

/**
 * Lets a server listen; resolves with its URL. `setting` is the one that `address` comes from. Rejects with ConfigError
 * when the system refuses the address.
 */
export async function listen(
  setting: string,
  server: { listen(host: string, port: number): Promise<{ readonly port: number }> },
  { host, port }: ListenAddress,
  scheme: "http" | "https" = "http",
): Promise<string> {
  try {
    const actual = await server.listen(host, port);
    return `${scheme}://${hostAndPort(host, actual.port)}`;
  } catch (error) {
    throw listenError(setting, { host, port }, error);
  }
}

/** A ConfigError for what a refused address is the reason of; anything else as it is. */
export function listenError(setting: string, { host, port }: ListenAddress, error: unknown): unknown {
  const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ""];
  if (reason === undefined) return error;
  return new ConfigError(`${setting}: cannot listen on ${hostAndPort(host, port)}: ${reason}`, { cause: error });
}
