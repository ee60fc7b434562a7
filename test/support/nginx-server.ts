import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { answers } from "./answers.js";
import { reservePort } from "./reserved-port.js";
import { ServerProcess } from "./server-process.js";

/** An nginx before several gateways, which sends a request to the next one where one refuses it or is gone. */
export class NginxServer {
  private constructor(
    readonly port: number,
    private readonly server: ServerProcess,
  ) {}

  static async start(folder: string, ports: readonly number[]): Promise<NginxServer> {
    const port = await reservePort();
    const home = join(folder, "nginx");
    mkdirSync(home, { recursive: true });
    const file = join(home, "nginx.conf");
    writeFileSync(file, configuration(home, port, ports));
    const server = new ServerProcess("nginx", ["-p", home, "-c", file, "-e", join(home, "error.log")], {
      isReady: () => answers(port, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 "),
    });
    return new NginxServer(port, await server.start());
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async end(): Promise<void> {
    await this.server.end("SIGTERM");
  }
}

/** As docs/scaling.md has it. Bodies are buffered: only so can they be sent again. */
function configuration(home: string, port: number, ports: readonly number[]): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
daemon off;
master_process off;
worker_processes 1;
pid ${home}/nginx.pid;
events { worker_connections 512; }
http {
  access_log off;
${temporary.map((name) => `  ${name}_temp_path ${home}/${name};`).join("\n")}
  client_max_body_size 0;
  upstream gateways {
${ports.map((each) => `    server 127.0.0.1:${each} max_fails=1 fail_timeout=2s;`).join("\n")}
    keepalive 16;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://gateways;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_request_buffering on;
      proxy_next_upstream error timeout http_503 non_idempotent;
      proxy_next_upstream_tries 6;
    }
  }
}
`;
}
