import { answers } from "./answers.js";
import { reservePort } from "./reserved-port.js";
import { ServerProcess } from "./server-process.js";

/** A Redis of the machine that keeps nothing on its disk: what it loses must not matter. */
export class RedisServer {
  private constructor(
    readonly port: number,
    private readonly server: ServerProcess,
  ) {}

  static async start(): Promise<RedisServer> {
    const port = await reservePort();
    const args = ["--bind", "127.0.0.1", "--port", String(port), "--save", "", "--appendonly", "no"];
    const isReady = () => answers(port, "PING\r\n", "+PONG");
    return new RedisServer(port, await new ServerProcess("redis-server", args, { isReady }).start());
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async end(): Promise<void> {
    await this.server.end("SIGKILL");
  }

  async startAgain(): Promise<void> {
    await this.server.start();
  }
}
