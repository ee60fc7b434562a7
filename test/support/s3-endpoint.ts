import { once } from "node:events";
import { request as httpRequest, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { S3Client } from "@aws-sdk/client-s3";
import aws4, { type Request as SignerRequest } from "aws4";
import type { AccessEntry } from "../../src/model/access-log.js";
import type { AccessKey, CessAccount } from "../../src/model/account.js";
import type { DocumentName } from "../../src/model/bucket-documents.js";
import { createS3App, type S3AppComponents, type S3AppSettings } from "../../src/s3/app.js";
import type { Answered } from "../../src/s3/answered.js";
import { GIB } from "../../src/model/sizes.js";
import { TestGateway, type TestGatewaySettings } from "./test-gateway.js";
import { WireGateway } from "./wire-gateway.js";

export const testKey: AccessKey = {
  accessKeyId: "testkey",
  secretAccessKey: "testsecret",
  account: { id: "a".repeat(64), displayName: "tester", cessAccount: "cTester" as CessAccount, territory: "t" },
};

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An S3 endpoint over a gateway of its own on loopback, with the SDK's client and hand-signed requests. */
export class S3Endpoint {
  private fixture: TestGateway | undefined;
  private wired: WireGateway | undefined;
  /** Requests that came. */
  begun = 0;
  readonly answers: Answered[] = [];
  /** What the access logs of buckets are told, in step with `answers`. */
  readonly entries: AccessEntry[] = [];
  readonly failures: object[] = [];
  private now: number | undefined;
  private server: Server | undefined;
  private sdkClient: S3Client | undefined;

  /** Freezes the server's clock at this time. */
  setTime(ms: number | undefined): void {
    this.now = ms;
  }

  async start(
    settings: Partial<S3AppSettings> = {},
    components: Pick<S3AppComponents, "rates" | "drain"> = {},
    gateway: TestGatewaySettings = {},
  ): Promise<void> {
    const clock = { now: () => this.now ?? Date.now(), sleep: () => Promise.reject(new Error("no sleep here")) };
    const credentials = { lookup: (id: string) => Promise.resolve(id === testKey.accessKeyId ? testKey : undefined) };
    const logger = {
      error: (fields: object) => void this.failures.push(fields),
    };
    this.fixture = await TestGateway.build(gateway);
    const { cessAccount, territory } = testKey.account;
    this.fixture.chain.addTerritory(cessAccount, territory, BigInt(64 * GIB));
    this.wired = new WireGateway(this.fixture.cess);
    this.server = createS3App(
      {
        ...components,
        gateway: this.wired,
        credentials,
        clock,
        logger,
        onAnswer: (answer) => this.answers.push(answer),
        onAccess: ({ entry }) => this.entries.push(entry()),
      },
      settings,
    );
    this.server.on("request", () => this.begun++);
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
  }

  /** Resolves when the head of another request has been read. */
  async nextRequest(): Promise<void> {
    if (this.server) await once(this.server, "request");
  }

  async stop(): Promise<void> {
    this.sdkClient?.destroy();
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
    await this.fixture?.close();
  }

  get gateway(): WireGateway {
    if (!this.wired) throw new Error("the endpoint was not started");
    return this.wired;
  }

  /** Of the gateway's data. */
  get folder(): string {
    return this.fixture?.folder ?? "";
  }

  get port(): number {
    return (this.server?.address() as AddressInfo).port;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  get client(): S3Client {
    return (this.sdkClient ??= new S3Client({
      endpoint: `http://${this.host}`,
      region: "us-east-1",
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: testKey.accessKeyId, secretAccessKey: testKey.secretAccessKey },
    }));
  }

  /** As TestGateway.setDocument. */
  async setDocument(bucket: string, name: DocumentName, text: string | undefined): Promise<void> {
    await this.fixture?.setDocument(bucket, name, text);
  }

  /** Signs with aws4 and sends. `path` goes out as it is. */
  signed(
    request: SignerRequest & { body?: string | Buffer },
    secretAccessKey = testKey.secretAccessKey,
  ): Promise<Answer> {
    const headers = { host: this.host, ...request.headers };
    return this.raw(
      aws4.sign(
        { service: "s3", region: "us-east-1", ...request, headers },
        { accessKeyId: testKey.accessKeyId, secretAccessKey },
      ),
    );
  }

  /** Sends without signing. */
  raw(request: SignerRequest & { body?: string | Buffer }): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(
        {
          host: "127.0.0.1",
          port: this.port,
          method: request.method ?? "GET",
          path: request.path,
          headers: request.headers,
          agent: false,
        },
        (response) => {
          let body = "";
          response.setEncoding("utf8");
          response.on("data", (text: string) => (body += text));
          response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
          response.on("error", reject);
        },
      );
      outgoing.on("error", reject);
      outgoing.end(request.body);
    });
  }
}

/** The code of the error that comes over a raw connection. */
export async function errorCode(socket: Socket): Promise<string | undefined> {
  let text = "";
  while (!text.includes("</Error>")) text += ((await once(socket, "data")) as [Buffer])[0].toString();
  return element(text, "Code");
}

/** The text of the first such element. */
export function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}
