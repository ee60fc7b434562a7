import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import Mocha from "mocha";
import { GatewayProcess } from "../test/support/gateway-process.js";
import { reservePort } from "../test/support/reserved-port.js";

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

async function startDevNetwork(): Promise<{
  readonly gateway: GatewayProcess;
  readonly webhookPort: number;
  stop(): Promise<void>;
}> {
  const folder = mkdtempSync(join(tmpdir(), "cess-s3-conformance-"));
  const webhookPort = await reservePort();
  const gateway = await GatewayProcess.start(["dev"], {
    CESS_S3_DATA_DIR: folder,
    CESS_S3_DOMAIN: "localhost",
    CESS_S3_WEBSITE_DOMAIN: "site.localhost",
    CESS_S3_ACCESS_LOG_MINUTES: "0.05",
    CESS_S3_WEBHOOKS: `conformance=http://127.0.0.1:${webhookPort}/`,
  });
  return {
    gateway,
    webhookPort,
    async stop() {
      await gateway.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
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
  process.env["CONFORMANCE_ENDPOINT"] = (url ?? network?.gateway.endpoint ?? "").replace(/\/$/, "");
  try {
    const mocha = new Mocha({ timeout: 60_000, reporter: "spec", ...(grep === undefined ? {} : { grep }) });
    for (const file of testFiles(here)) mocha.addFile(file);
    await mocha.loadFilesAsync();
    const failures = await new Promise<number>((resolve) => mocha.run(resolve));
    if (network && failures > 0) console.error(`the dev network said:\n${network.gateway.output}`);
    return failures;
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
