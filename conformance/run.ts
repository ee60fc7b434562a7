import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import Mocha from "mocha";

/**
 * `npm run conformance [-- URL] [--grep TEXT]`: black-box tests of any S3 endpoint. Without a URL the dev network is
 * started for the time of the run. Credentials come from CONFORMANCE_ACCESS_KEY and CONFORMANCE_SECRET_KEY, a second
 * account from CONFORMANCE_ALT_ACCESS_KEY and CONFORMANCE_ALT_SECRET_KEY. CONFORMANCE_DOMAIN names the endpoint's
 * domain for virtual-host style, CONFORMANCE_WEBSITE_DOMAIN that of websites; without them these are not tested. Nor is
 * the delivery of events without CONFORMANCE_WEBHOOK_PORT: the port of this machine that the endpoint's webhook
 * `conformance` posts to. Nor that of access logs without CONFORMANCE_ACCESS_LOGS=soon: the endpoint delivers them
 * within seconds.
 */
const here = dirname(fileURLToPath(import.meta.url));
const READY_TIMEOUT_MS = 60_000;

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function startDevNetwork(): Promise<{
  readonly endpoint: string;
  readonly webhookPort: number;
  stop(): Promise<void>;
}> {
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-conformance-"));
  const [port, adminPort, webhookPort] = [await freePort(), await freePort(), await freePort()];
  const gateway = spawn(process.execPath, [join(here, "../src/main.js"), "dev"], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      ...process.env,
      CESS_S3_LISTEN: `127.0.0.1:${port}`,
      CESS_S3_ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
      CESS_S3_DATA_DIR: folder,
      CESS_S3_DOMAIN: "localhost",
      CESS_S3_WEBSITE_DOMAIN: "site.localhost",
      CESS_S3_ACCESS_LOG_MINUTES: "0.05",
      CESS_S3_WEBHOOKS: `conformance=http://127.0.0.1:${webhookPort}/`,
    },
  });
  await ready(gateway, `http://127.0.0.1:${adminPort}/health/ready`);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    webhookPort,
    async stop() {
      const ended = new Promise((resolve) => gateway.once("exit", resolve));
      gateway.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ready(gateway: ChildProcess, url: string): Promise<void> {
  for (const end = Date.now() + READY_TIMEOUT_MS; Date.now() < end;) {
    if (gateway.exitCode !== null)
      throw new Error(`the dev network ended with code ${gateway.exitCode} before it was ready`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  gateway.kill("SIGKILL");
  throw new Error(`the dev network was not ready within ${READY_TIMEOUT_MS / 1000} s`);
}

function testFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.js"))
    .sort()
    .map((name) => join(folder, name));
}

async function main(args: readonly string[]): Promise<number> {
  const url = args.find((arg) => /^https?:\/\//.test(arg));
  const grep = args.includes("--grep") ? args[args.indexOf("--grep") + 1] : undefined;
  const network = url === undefined ? await startDevNetwork() : undefined;
  if (network) {
    process.env["CONFORMANCE_DOMAIN"] = "localhost";
    process.env["CONFORMANCE_WEBSITE_DOMAIN"] = "site.localhost";
    process.env["CONFORMANCE_WEBHOOK_PORT"] = String(network.webhookPort);
    process.env["CONFORMANCE_ACCESS_LOGS"] = "soon";
  }
  process.env["CONFORMANCE_ENDPOINT"] = (url ?? network?.endpoint ?? "").replace(/\/$/, "");
  try {
    const mocha = new Mocha({ timeout: 60_000, reporter: "spec", ...(grep === undefined ? {} : { grep }) });
    for (const file of testFiles(here)) mocha.addFile(file);
    await mocha.loadFilesAsync();
    return await new Promise<number>((resolve) => mocha.run(resolve));
  } finally {
    await network?.stop();
  }
}

main(process.argv.slice(2)).then(
  (failures) => process.exit(failures === 0 ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
