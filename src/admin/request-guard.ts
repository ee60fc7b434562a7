import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

const HOST = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i;

/**
 * Keeps web sites from using the admin endpoint, which needs no token on a loopback address, through the browser of
 * someone who can reach it. A site whose own name is made to resolve to this address (DNS rebinding) is of the same origin
 * in that browser's eyes, but its name stands in Host; any other site names itself in Origin or Sec-Fetch-Site.
 *
 * Answered are Host headers with an IP address, which no name can be made to resolve to and which probes and Prometheus
 * send, with `localhost`, or with one of `names`, whatever the port: it may be forwarded. So are requests without Host,
 * which HTTP/1.0 allows and no browser sends.
 */
export class RequestGuard {
  private readonly names: ReadonlySet<string> | undefined;

  /** `any`: the listener answers to every name, because what it gives does not depend on who reaches it. */
  constructor(names: readonly string[] | "any") {
    if (names !== "any") this.names = new Set(["localhost", ...names.map((name) => name.toLowerCase())]);
  }

  /** Why the request is not answered, for a person; undefined when it is. */
  refusal({ host, origin, ...headers }: IncomingHttpHeaders): string | undefined {
    if (host !== undefined && host !== "") {
      const [, v6, name = v6] = HOST.exec(host) ?? [];
      if (name === undefined || !this.answersTo(name))
        return `the admin endpoint is not known as ${JSON.stringify(host.slice(0, 300))}: use its IP address, or add the name to adminNames (CESS_S3_ADMIN_NAMES)`;
    }
    if (origin !== undefined && !isSame(origin, host))
      return "the admin endpoint answers no requests from pages of other sites (Origin)";
    const site = headers["sec-fetch-site"];
    if (site !== undefined && site !== "same-origin" && site !== "none")
      return "the admin endpoint answers no requests from pages of other sites (Sec-Fetch-Site): enter its address in the browser";
    return undefined;
  }

  private answersTo(name: string): boolean {
    return !this.names || isIP(name) !== 0 || this.names.has(name.toLowerCase().replace(/\.$/, ""));
  }
}

/** Whether an Origin is the one that Host stands for; by either scheme, since a proxy in front may speak TLS. */
function isSame(origin: string, host: string | undefined): boolean {
  return ["http", "https"].some((scheme) => {
    try {
      return origin === new URL(`${scheme}://${host}`).origin;
    } catch {
      return false;
    }
  });
}
