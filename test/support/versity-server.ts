import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { answers } from "./answers.js";
import { reservePort } from "./reserved-port.js";
import { ServerProcess } from "./server-process.js";

interface RootKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** An S3 server by others, over plain files: the program `versitygw` in the path, or VERSITYGW. */
export class VersityServer {
  static readonly credentials: RootKey = { accessKeyId: "staging", secretAccessKey: "staging-secret" };

  private constructor(
    readonly port: number,
    private readonly server: ServerProcess,
  ) {}

  static async start(folder: string, root: RootKey = VersityServer.credentials): Promise<VersityServer> {
    const port = await reservePort();
    const files = join(folder, "versity");
    mkdirSync(files, { recursive: true });
    const args = ["--port", `127.0.0.1:${port}`, "--quiet", "posix", files];
    const { accessKeyId, secretAccessKey } = root;
    const server = new ServerProcess(process.env["VERSITYGW"] ?? "versitygw", args, {
      env: { ...process.env, ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
      isReady: () => answers(port, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "HTTP/1.1 "),
    });
    return new VersityServer(port, await server.start());
  }

  get pid(): number {
    return this.server.pid;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async createBucket(Bucket: string): Promise<void> {
    const { endpoint } = this;
    const client = new S3Client({
      endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: VersityServer.credentials,
    });
    await client.send(new CreateBucketCommand({ Bucket }));
    client.destroy();
  }

  async end(): Promise<void> {
    await this.server.end("SIGKILL");
  }

  async startAgain(): Promise<void> {
    await this.server.start();
  }
}
