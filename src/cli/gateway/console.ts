import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { RequestGuard } from "../../admin/request-guard.js";
import type { Config } from "../../config/config.js";
import { ConsoleHandler, type ConsoleInsight } from "../../console/console-handler.js";
import type { ConsoleFacts } from "../../console/facts.js";
import { consoleServer } from "../../console/console-server.js";
import { PageFiles } from "../../console/page-files.js";
import { Dispatcher } from "../../s3/dispatch.js";
import type { ObjectAnswer } from "../admin-answers.js";
import type { ListenerSecurity } from "./listener-security.js";
import type { BucketDurability } from "./routes/bucket-route.js";
import { describe, type ObjectParts } from "./routes/object-route.js";
import { placementRoute } from "./routes/placement-route.js";
import { ownerTerritoryRoutes } from "./routes/territory-routes.js";
import { OwnerRequests } from "./owner-requests.js";
import { S3Server } from "./s3-server.js";
import type { S3Serving } from "./s3-side.js";
import type { Services } from "./services.js";

/** Where the build puts the page: dist/console/page. */
const PAGE_FOLDER = new URL("../../../console/page/", import.meta.url);

export interface ConsoleParts {
  readonly serving: Pick<S3Serving, "components" | "settings">;
  readonly services: ObjectParts & Pick<Services, "session" | "chain" | "registry" | "placementTags">;
  readonly durability: BucketDurability;
  readonly security: ListenerSecurity;
  readonly log: Logger;
  /** The S3 listener's URL, once it listens. */
  readonly s3Url: () => string;
}

export interface Console {
  /** For the admin listener. */
  readonly pages: ConsoleHandler["handle"];
  /** The listener for users; undefined when there is none. */
  readonly server: S3Server | undefined;
}

/** The console, on the admin listener and, where it is configured, on one for users. */
export async function openConsole(config: Config, parts: ConsoleParts): Promise<Console> {
  const { security, log, services, durability } = parts;
  const { components } = parts.serving;
  const settings = without(parts.serving.settings, "domain", "websiteDomain");
  const s3 = (trustProxy: boolean) => {
    const dispatcher = new Dispatcher(components, { ...settings, trustProxy });
    return (request: IncomingMessage, response: ServerResponse) => dispatcher.handle(request, response);
  };
  const routes = [...ownerTerritoryRoutes(services), placementRoute(services)];
  const owners = (trustProxy: boolean) =>
    new OwnerRequests({ ...components, routes }, { region: config.region, trustProxy });
  const common = {
    page: await PageFiles.load(fileURLToPath(PAGE_FOLDER)),
    insight: insight(services, durability, config.packing.maxAgeSeconds * 1000),
    log,
  };
  const facts = (operators: ConsoleFacts["operators"]) => () => factsOf(config, security, parts.s3Url(), operators);
  const names = [config.adminListen.host, ...config.adminNames];
  const admin = new ConsoleHandler({
    ...common,
    // The proxy that is trusted stands before users' listeners: who reaches this one could say to come from anywhere.
    s3: s3(false),
    owners: owners(false),
    guard: new RequestGuard(names),
    facts: facts(config.admin.tokenFile === undefined ? "open" : "token"),
  });
  if (!config.console.listen) return { pages: admin.handle, server: undefined };
  // Every request there is signed, for this host: whatever name leads to it may be used.
  const users = new ConsoleHandler({
    ...common,
    s3: s3(config.trustProxy),
    owners: owners(config.trustProxy),
    guard: new RequestGuard("any"),
    facts: facts("absent"),
  });
  const server = new S3Server(consoleServer({ handler: users, createServer: security.createServer("console") }));
  return { pages: admin.handle, server };
}

function factsOf(
  { console: { endpoint: s3Endpoint }, listen, region }: Config,
  security: ListenerSecurity,
  s3Url: string,
  operators: ConsoleFacts["operators"],
): ConsoleFacts {
  // Not known yet, while other processes are about to listen.
  const port = s3Url === "" ? String(listen.port) : new URL(s3Url).port;
  const s3Scheme = security.scheme("s3");
  return {
    region,
    ...(s3Endpoint === undefined ? {} : { s3Endpoint }),
    s3Scheme,
    s3Port: Number(port) || (s3Scheme === "https" ? 443 : 80),
    operators,
  };
}

/** What owners see: as operators do, but not the gateway's own doings. */
function insight(services: ObjectParts, durability: BucketDurability, packMaxAgeMs: number): ConsoleInsight {
  return {
    async object(bucket, key, versionId) {
      const version = await services.catalog.objects.get(bucket, key, versionId);
      return version && forOwner(await describe(services, version, packMaxAgeMs));
    },
    bucket: (bucket) => durability.of(bucket),
  };
}

function forOwner(answer: ObjectAnswer): object {
  const files = answer.files.map((file) => ({
    ...without(file, "job", "signed"),
    segments: file.segments.map((segment) => ({
      ...segment,
      holders: segment.holders.map((holder) => without(holder, "lastFailure")),
    })),
  }));
  return { ...without(answer, "job"), files };
}

function without<T extends object, Name extends keyof T>(value: T, ...names: Name[]): Omit<T, Name> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name as Name))) as Omit<T, Name>;
}
