import { createServer } from "node:net";
import type { Config } from "../../config/config.js";
import { hostAndPort, type ListenAddress } from "../../config/quantity.js";
import { FolderLock } from "../folder-lock.js";
import { isGateway, REASONS } from "../listen.js";
import { failure, ok, type Finding } from "./finding.js";

const CHECK = "ports";
/** Listeners that do not say what they are. */
const SILENT: ReadonlySet<string> = new Set(["console.listen", "peers.listen", "public.listen"]);

/** Whether each listener's port is free, or taken by the gateway that has the data folder. */
export async function ports({
  listen,
  adminListen,
  console,
  peers,
  public: everyone,
  dataDir,
}: Config): Promise<Finding[]> {
  const holder = FolderLock.holder(dataDir);
  const listeners = [
    ["listen", listen],
    ["adminListen", adminListen],
    ["console.listen", console.listen],
    ["peers.listen", peers.listen],
    ["public.listen", everyone.listen],
  ] as const;
  const found = listeners.map(([key, address]) => (address ? [port(key, address, holder)] : []));
  return Promise.all(found.flat());
}

async function port(key: string, address: ListenAddress, holder: string | undefined): Promise<Finding> {
  const where = `${key}: ${hostAndPort(address)}`;
  const refused = await refusal(address);
  if (refused === undefined) return ok(CHECK, `${where} is free`);
  const isTaken = refused === "EADDRINUSE";
  if (isTaken && holder !== undefined && (SILENT.has(key) || (await isGateway(address))))
    return ok(CHECK, `${where} is in use by ${holder}`);
  if (!isTaken) {
    const why = (REASONS[refused] ?? refused).split(";", 1)[0];
    return failure(CHECK, `${where}: ${why}`, `choose another address for ${key}`);
  }
  const who = (await isGateway(address)) ? "another cess-s3 gateway" : "something else";
  return failure(CHECK, `${where}: ${who} listens there already`, `end it, or choose another address for ${key}`);
}

/** Why the system refuses the address: its error's code; undefined when it does not. */
function refusal({ host, port }: ListenAddress): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
