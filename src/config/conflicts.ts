import { isIPv6 } from "node:net";
import type { z } from "zod";
import { adminExposure } from "./listener-settings.js";
import { placeOf } from "./place.js";
import { hostAndPort, type ListenAddress } from "./quantity.js";

interface Conflicting {
  /** Absent on the dev network. */
  readonly accounts?: readonly { readonly name: string }[];
  readonly listen: ListenAddress;
  readonly adminListen: ListenAddress;
  readonly admin: { readonly tokenFile?: string | undefined };
  readonly console: { readonly listen?: ListenAddress | undefined };
  readonly domain?: string | undefined;
  readonly websiteDomain?: string | undefined;
  readonly journal: { readonly account?: string | undefined };
  readonly leases: { readonly webhook?: string | undefined };
  readonly notifications: { readonly webhooks: readonly { readonly name: string }[] };
  readonly peers: { readonly listen?: ListenAddress | undefined };
  readonly public: { readonly listen?: ListenAddress | undefined };
  readonly sdk: { readonly enabled: boolean };
  readonly signUp: { readonly enabled: boolean };
}

/** A refinement of the whole configuration: values that are right by themselves, and not beside each other. */
export function conflicts(
  {
    accounts,
    listen,
    adminListen,
    admin,
    console,
    journal,
    leases,
    notifications,
    peers,
    public: everyone,
    sdk,
    signUp,
    domain,
    websiteDomain,
  }: Conflicting,
  context: z.RefinementCtx,
): void {
  const fault = (key: string, message: string) =>
    context.addIssue({ code: "custom", path: [...placeOf(key)], message });
  if (domain !== undefined && domain === websiteDomain)
    fault("websiteDomain", `must differ from domain, which is ${domain}, too: websites need a domain of their own`);
  if (leases.webhook !== undefined && !notifications.webhooks.some(({ name }) => name === leases.webhook))
    fault(
      "leases.webhook",
      `names no webhook of notifications.webhooks: it is ${leases.webhook}, and there are ${notifications.webhooks.map(({ name }) => name).join(", ") || "none"}`,
    );
  if (accounts?.length === 0 && !signUp.enabled)
    fault("accounts", "must have at least one entry, unless signUp.enabled lets wallets make theirs");
  if (journal.account !== undefined && accounts && !accounts.some(({ name }) => name === journal.account))
    fault("journal.account", `names no account of accounts: it is ${journal.account}`);
  const exposure = adminExposure({ adminListen, admin });
  if (exposure !== undefined) fault("adminListen", exposure);
  for (const [key, { enabled }] of Object.entries({ sdk, signUp }))
    if (enabled && !everyone.listen) fault("public.listen", `is missing: ${key}.enabled needs the public listener`);
  const listeners = [
    ["listen", listen],
    ["adminListen", adminListen],
    ["console.listen", console.listen],
    ["peers.listen", peers.listen],
    ["public.listen", everyone.listen],
  ] as const;
  for (const [index, [key, address]] of listeners.entries())
    for (const [earlier, other] of listeners.slice(0, index))
      if (address && other && overlap(address, other))
        fault(
          key,
          `${hostAndPort(address)} is the address of ${earlier} (${hostAndPort(other)}) as well: each listener needs a port of its own, such as ${(address.port % 65_535) + 1}`,
        );
}

/** Whether two servers on these addresses would be in each other's way. Port 0 is a new one each time. */
function overlap(a: ListenAddress, b: ListenAddress): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  const [first, second] = [hosts(a.host), hosts(b.host)];
  return first.some((one) => second.some((other) => one === other || covers(one, other) || covers(other, one)));
}

/** The addresses that a host to listen on stands for. */
function hosts(host: string): readonly string[] {
  return host.toLowerCase() === "localhost" ? ["127.0.0.1", "::1"] : [host.toLowerCase()];
}

/** All IPv4 addresses are in 0.0.0.0. All are in ::, since systems listen on both there. */
function covers(all: string, one: string): boolean {
  return all === "::" || (all === "0.0.0.0" && !isIPv6(one));
}
