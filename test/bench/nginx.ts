import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reservePort } from "../support/reserved-port.js";

/** nginx that serves a folder as static files; what it needs to write lies in a folder of its own. */
export class Nginx {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  static installed(): boolean {
    return spawnSync("nginx", ["-v"]).status === 0;
  }

  static async start(root: string): Promise<Nginx> {
    const folder = await mkdtemp(join(tmpdir(), "cess-s3-nginx-"));
    const port = await reservePort();
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (kind) => `${kind}_temp_path ${folder}/${kind};`,
    );
    await writeFile(
      join(folder, "nginx.conf"),
      `
      daemon off; worker_processes auto; error_log stderr crit; pid ${folder}/pid; user root;
      events {}
      http {
        access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; ${temporary.join(" ")}
        server { listen 127.0.0.1:${port}; root ${root}; }
      }`,
    );
    const child = spawn("nginx", ["-p", folder, "-c", join(folder, "nginx.conf")], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const nginx = new Nginx(port, child, folder);
    for (let attempt = 0; attempt < 100; attempt++) {
      if (await answers(port)) return nginx;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await nginx.close();
    throw new Error("nginx did not start");
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGTERM");
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.on("close", () => resolve(false));
    setTimeout(() => socket.destroy(), 100);
  });
}
