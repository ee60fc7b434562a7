import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { RequestGuard } from "../../src/admin/request-guard.js";
import { ConsoleHandler } from "../../src/console/console-handler.js";
import type { ConsoleFacts } from "../../src/console/facts.js";
import { consoleServer } from "../../src/console/console-server.js";
import { PageFiles } from "../../src/console/page-files.js";
import { json } from "../../src/admin/admin-server.js";
import { OwnerRequests, type OwnerRoute } from "../../src/cli/gateway/owner-requests.js";
import { Dispatcher } from "../../src/s3/dispatch.js";
import {
  pathOf,
  presigned,
  sha256Hex,
  signed,
  UNSIGNED_PAYLOAD,
  type Credentials,
} from "../../console/src/lib/sign.js";
import { S3Endpoint, testKey } from "./s3-endpoint.js";

const REGION = "us-east-1";

interface Asked {
  readonly method?: string;
  readonly query?: readonly (readonly [string, string])[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly credentials?: Credentials;
}

/** The console's listener over a gateway of its own, asked as the page asks. */
export class ConsoleFixture {
  readonly endpoint = new S3Endpoint();
  /** What insight was asked for. */
  readonly seen: string[] = [];
  readonly failures: object[] = [];
  private server: Server | undefined;
  /** What owners are answered: what they asked. */
  private readonly routes = (["GET", "POST"] as const).map((method): OwnerRoute => {
    const run: OwnerRoute["run"] = ({ displayName }, query, body) =>
      Promise.resolve(json({ account: displayName, query: [...query], ...(body !== undefined && { body }) }));
    return { method, path: "/echo", run };
  });

  async start(names: readonly string[] | "any" = "any"): Promise<void> {
    await this.endpoint.start();
    const credentials = {
      lookup: (id: string) => Promise.resolve(id === testKey.accessKeyId ? testKey : undefined),
    };
    const clock = { now: () => Date.now(), sleep: () => Promise.reject(new Error("no sleep here")) };
    const logger = { error: (fields: object) => void this.failures.push(fields) };
    const dispatcher = new Dispatcher({ gateway: this.endpoint.gateway, credentials, clock, logger });
    const note = (text: string) => Promise.resolve((this.seen.push(text), { seen: text }));
    const handler = new ConsoleHandler({
      page: PageFiles.of(
        new Map([
          ["index.html", Buffer.from("<!doctype html>")],
          ["assets/a-1234.js", Buffer.from("let a;")],
          ["assets/a-1234.js.br", Buffer.from("br")],
          ["assets/a-1234.js.gz", Buffer.from("gz")],
        ]),
      ),
      s3: (request, response) => dispatcher.handle(request, response),
      insight: {
        object: (bucket, key, version) => note(`${bucket}/${key} ${version ?? "-"}`),
        bucket: (bucket) => note(bucket),
      },
      owners: new OwnerRequests(
        { credentials, clock, logger, routes: this.routes },
        { region: REGION, trustProxy: false },
      ),
      guard: new RequestGuard(names),
      facts: (): ConsoleFacts => ({
        region: REGION,
        s3Scheme: "http",
        s3Port: 9000,
        operators: "absent",
      }),
      log: { error: (fields) => void this.failures.push(fields) },
    });
    this.server = consoleServer({ handler, createServer });
    await new Promise<void>((resolve) => this.server?.listen(0, "127.0.0.1", resolve));
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
    await this.endpoint.stop();
  }

  get host(): string {
    return `127.0.0.1:${(this.server?.address() as AddressInfo).port}`;
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return fetch(`http://${this.host}${path}`, { headers, redirect: "manual" });
  }

  /** A request to S3 by way of the console, signed by the page's own signer. */
  s3(bucket: string, key: string, asked: Asked = {}): Promise<Response> {
    const { method = "GET", query = [], headers = {}, body, credentials = testKey } = asked;
    const request = { method, path: pathOf(bucket, key), query, headers, payload: UNSIGNED_PAYLOAD };
    const sent = signed(request, { host: this.host, region: REGION }, credentials, new Date());
    const search = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
    return fetch(`http://${this.host}/console/s3/${encodeURIComponent(request.path)}${search && `?${search}`}`, {
      method,
      headers: sent,
      ...(body !== undefined && { body }),
    });
  }

  /** The same by a presigned URL. */
  link(bucket: string, key: string, query: readonly (readonly [string, string])[] = []): string {
    const request = { method: "GET", path: pathOf(bucket, key), query };
    const search = presigned(request, { host: this.host, region: REGION }, testKey, new Date(), 60);
    return `/console/s3/${encodeURIComponent(request.path)}?${search}`;
  }

  /** What owners see, asked with a signature of HEAD. */
  insight(bucket: string, key: string, asked: Pick<Asked, "query" | "credentials"> = {}): Promise<Response> {
    const { query = [], credentials = testKey } = asked;
    const path = pathOf(bucket, key);
    const request = { method: "HEAD", path, query, headers: {}, payload: UNSIGNED_PAYLOAD };
    const headers = signed(request, { host: this.host, region: REGION }, credentials, new Date());
    const search = query.map(([name, value]) => `?${name}=${encodeURIComponent(value)}`).join("");
    const kind = key === "" ? "buckets" : "objects";
    return this.get(`/console/${kind}/${encodeURIComponent(path)}${search}`, headers);
  }

  /** What an owner asks about the own account. `signedBody`: what is signed in place of the body. */
  owner(
    path: string,
    asked: Asked & { readonly service?: string; readonly signedBody?: string; readonly host?: string } = {},
  ): Promise<Response> {
    const {
      method = "GET",
      query = [],
      headers = {},
      body,
      credentials = testKey,
      service = "cess-s3-console",
    } = asked;
    const { signedBody = body ?? "", host = this.host } = asked;
    const request = { method, path: `/console/owner${path}`, query, headers: {}, payload: sha256Hex(signedBody) };
    const sent = signed(request, { host, region: REGION, service }, credentials, new Date());
    const search = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
    return fetch(`http://${this.host}${request.path}${search && `?${search}`}`, {
      method,
      headers: { ...sent, ...headers },
      ...(body !== undefined && { body }),
    });
  }
}
