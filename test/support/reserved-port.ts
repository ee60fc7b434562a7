import { createServer } from "node:net";

/** Below every system's ephemeral range, so that no server on port 0 and no outgoing connection gets one of these. */
const [FIRST, END] = [20_000, 32_000];

/**
 * A port of 127.0.0.1 for servers whose port must be known before they listen, or kept while they do not. It belongs to
 * this process until it ends: the port above it is listened on as a lock, so that tests beside this one pass both over.
 * What can listen on port 0 and tell its port needs none.
 */
export async function reservePort(): Promise<number> {
  for (let port = FIRST; port < END; port += 2) {
    const lock = await listener(port + 1);
    if (lock === undefined) continue;
    // Something that is no test may be there.
    const probe = await listener(port);
    if (probe !== undefined) {
      await new Promise((resolve) => probe.close(resolve));
      return port;
    }
    lock.close();
  }
  throw new Error(`no port is free from ${FIRST} to ${END}`);
}

/** Listens without holding the process; undefined where another one does. */
function listener(port: number): Promise<ReturnType<typeof createServer> | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer().unref();
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
