import { get } from "node:http";
import { get as getSecure } from "node:https";
import { text } from "node:stream/consumers";
import { ConfigError } from "../config/config-error.js";
import { hostAndPort, type ListenAddress } from "../config/quantity.js";

/** By the code of the operating system: why an address is refused; behind a semicolon, what to do. */
export const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "something listens there already; end it, or choose another port",
  EADDRNOTAVAIL: "this machine does not have that address; 0.0.0.0 and [::] stand for all that it has",
  EACCES: "this user may not listen on that port; choose one above 1023",
  EPERM: "this user may not listen on that port; choose one above 1023",
  ENOTFOUND: "there is no such host name; write an IP address",
  EAI_AGAIN: "the host name cannot be looked up; write an IP address",
};

/** How long whoever has the port may take to say what it is, ms. */
const ASK_MS = 1_000;

/** An address to connect to where one to listen on was given: that of all addresses is none. */
export function localAddress({ host, port }: ListenAddress): string {
  if (host === "0.0.0.0") return hostAndPort({ host: "127.0.0.1", port });
  return hostAndPort({ host: host === "::" ? "::1" : host, port });
}

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
    return `${scheme}://${hostAndPort({ host, port: actual.port })}`;
  } catch (error) {
    throw await listenError(setting, { host, port }, error);
  }
}

/** A ConfigError for what a refused address is the reason of; anything else as it is. */
export async function listenError(setting: string, address: ListenAddress, error: unknown): Promise<unknown> {
  const { code = "" } = error as NodeJS.ErrnoException;
  const reason = REASONS[code];
  if (reason === undefined) return error;
  const ours = code === "EADDRINUSE" && (await isGateway(address));
  const why = ours ? reason.replace(";", ", a cess-s3 gateway that runs;") : reason;
  return ConfigError.of(setting, `cannot listen on ${hostAndPort(address)}: ${why}`, { cause: error });
}

/** Whether a gateway answers there: its S3 listener with a request's id, its admin listener with what it is. */
export async function isGateway(address: ListenAddress): Promise<boolean> {
  return (await answersAsGateway("http", address)) || answersAsGateway("https", address);
}

function answersAsGateway(scheme: "http" | "https", address: ListenAddress): Promise<boolean> {
  return new Promise((resolve) => {
    const url = `${scheme}://${localAddress(address)}/health/live`;
    // Nothing is sent that is secret, and its certificate need not be for the address.
    const options = { agent: false, timeout: ASK_MS, rejectUnauthorized: false };
    const asked = (scheme === "https" ? getSecure : get)(url, options, (answer) => {
      text(answer).then(
        (body) => resolve(body === "live\n" || answer.headers["x-amz-request-id"] !== undefined),
        () => resolve(false),
      );
    });
    // Whoever sends byte by byte is no gateway.
    const end = setTimeout(() => asked.destroy(), 2 * ASK_MS);
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(false));
    asked.on("close", () => clearTimeout(end));
  });
}
