import { systemClock } from "../../async/system-clock.js";
import { ConfigError } from "../../config/config-error.js";
import type { AdminRoute, AdminAnswer } from "../../admin/admin-server.js";
import { GatewayServer } from "../gateway/gateway-server.js";
import { openProcessLog } from "../log/logger.js";
import { loadedFrom } from "./loaded-from.js";
import type { ChildRole, PrimaryRoute, StartMessage, Tell, ToChild } from "./messages.js";
import { RequestProcesses } from "./request-processes.js";

/** The background process: everything but the S3 listener. */
export async function startBackgroundProcess(
  { config, processes, socket, routes, views }: StartMessage,
  tell: Tell,
): Promise<ChildRole> {
  const { log, dropped } = openProcessLog(config);
  const requests = new RequestProcesses(systemClock, { processes, socket });
  requests.learn(views);
  const asked = new PrimaryRoutes(tell);
  const extraRoutes = routes.map((route, place) => asked.route(route, place));
  const onEnd = () => tell({ kind: "end" });
  const server = await GatewayServer.start(config, { log, droppedLines: dropped, extraRoutes, requests, onEnd });
  const obey = async (message: ToChild): Promise<void> => {
    switch (message.kind) {
      case "processes": {
        requests.learn(message.processes);
        return;
      }
      case "serving":
        return server.serving(message.endpoint, message.again);
      case "answer": {
        asked.answered(message);
        return;
      }
      case "reload":
        await server.reload(loadedFrom(message.loaded));
        {
          tell({ kind: "reloaded" });
          return;
        }
      case "drain":
        await server.drain(message);
        return;
      case "close":
        await server.finish();
        process.exit(0);
    }
  };
  const { adminEndpoint: admin, consoleEndpoint, peerEndpoint: peers, publicEndpoint } = server;
  return { urls: { admin, console: consoleEndpoint, peers, public: publicEndpoint }, obey };
}

/** Routes of the admin listener that the primary answers: the dev network runs there. */
class PrimaryRoutes {
  private readonly waiting = new Map<
    number,
    { resolve: (answer: AdminAnswer) => void; reject: (error: Error) => void }
  >();
  private asked = 0;

  constructor(private readonly tell: Tell) {}

  route({ method, path }: PrimaryRoute, place: number): AdminRoute {
    return {
      method,
      path,
      run: (groups, body, query) =>
        new Promise((resolve, reject) => {
          const id = ++this.asked;
          this.waiting.set(id, { resolve, reject });
          this.tell({ kind: "ask", id, route: place, groups, body, query: query.toString() });
        }),
    };
  }

  answered({ id, value, error }: Extract<ToChild, { readonly kind: "answer" }>): void {
    const asking = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) asking?.resolve(value as AdminAnswer);
    else asking?.reject(new ConfigError(error));
  }
}
