#!/usr/bin/env node
// Takes objects through the real CESS runtime: starts `cess-s3 node` processes and a `cess-s3 serve` gateway against a
// chain that runtime.mjs serves, uploads, waits for `stored`, drops the cache and reads back.
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connect, devAccounts, provision, send } from "./provision.mjs";

const { values: opt } = parseArgs({
  options: {
    ws: { type: "string", default: "ws://127.0.0.1:9944" },
    nodes: { type: "string", default: "13" },
    "first-port": { type: "string", default: "15100" },
  },
});
const nodeCount = Number(opt.nodes);
const firstPort = Number(opt["first-port"]);
const main = join(dirname(fileURLToPath(import.meta.url)), "../../dist/src/main.js");
const folder = mkdtempSync(join(tmpdir(), "cess-s3-real-runtime-"));
const s3 = `http://127.0.0.1:${firstPort + 900}`;
const admin = `http://127.0.0.1:${firstPort + 901}`;
const territory = `t${randomBytes(4).toString("hex")}`;
const processes = [];
const started = Date.now();
const say = (text) => console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);

// The gateway runs under the Node that npm runs with, which is not the one Chopsticks asks for.
const node = process.env.npm_node_execpath ?? process.execPath;
const start = (name, args, environment) => {
  const child = spawn(node, [main, ...args], {
    env: { ...process.env, CESS_S3_LOG_LEVEL: "warn", CESS_S3_CHAIN_ENDPOINTS: opt.ws, ...environment },
    stdio: ["ignore", "inherit", "inherit"],
  });
  child.once("exit", (code) => code && say(`${name} ended with ${code}`));
  processes.push(child);
};
const until = async (what, probe, seconds = 240) => {
  for (
    const end = Date.now() + seconds * 1000;
    Date.now() < end;
    await new Promise((resolve) => setTimeout(resolve, 500))
  ) {
    const value = await probe().catch(() => undefined);
    if (value) return value;
  }
  throw new Error(`not within ${seconds} s: ${what}`);
};
const aws4 = (await import("aws4")).default;
const s3call = (method, path, body = "", headers = {}) =>
  new Promise((resolve, reject) => {
    const host = new URL(s3).host;
    const signed = aws4.sign(
      {
        service: "s3",
        region: "us-east-1",
        method,
        host,
        path,
        body,
        headers: {
          ...headers,
          "x-amz-content-sha256": createHash("sha256").update(body).digest("hex"),
          "content-length": Buffer.byteLength(body),
        },
      },
      { accessKeyId: "realbob", secretAccessKey: "realbobsecret" },
    );
    request(s3 + path, { method, headers: signed.headers }, (answer) => {
      const chunks = [];
      answer
        .on("data", (chunk) => chunks.push(chunk))
        .on("error", reject)
        .on("end", () => {
          const bytes = Buffer.concat(chunks);
          if (answer.statusCode >= 300)
            reject(new Error(`${method} ${path}: ${answer.statusCode} ${bytes.toString().slice(0, 500)}`));
          else resolve({ headers: answer.headers, bytes });
        });
    })
      .on("error", reject)
      .end(body);
  });

try {
  const api = await connect(opt.ws);
  const accounts = await devAccounts(nodeCount);
  await provision(api, { accounts, minerUrl: (i) => `http://127.0.0.1:${firstPort + i}` });
  say(`runtime spec_version ${api.runtimeVersion.specVersion}, ${nodeCount} storage nodes provisioned`);
  const { bob, gateway } = accounts;
  for (const tx of [api.tx.storageHandler.mintTerritory(10, territory, 30), api.tx.oss.authorize(gateway.address)]) {
    const { ok, error } = await send(api, bob, tx);
    if (!ok) throw new Error(error);
  }
  say(`//Bob bought territory ${territory} and authorized //Gateway`);
  // One after another: the chain runs in one thread, and each client that connects reads the whole metadata from it.
  for (let i = 0; i < nodeCount; i += 1) {
    start(`node ${i}`, ["node"], {
      CESS_S3_MNEMONIC: `//Miner${i}`,
      CESS_S3_NODE_LISTEN: `127.0.0.1:${firstPort + i}`,
      CESS_S3_NODE_DATA_DIR: join(folder, `node${i}`),
    });
    await until(`node ${i} answers`, async () => (await fetch(`http://127.0.0.1:${firstPort + i}/status`)).ok);
  }
  const config = join(folder, "cess-s3.yaml");
  writeFileSync(
    config,
    JSON.stringify({
      chain: { endpoints: [opt.ws], mnemonic: "//Gateway", blockMs: 1000 },
      accounts: [
        { name: "bob", cessAccount: bob.address, territory, accessKeyId: "realbob", secretAccessKey: "realbobsecret" },
      ],
      encryption: { default: "AES256" },
      allowPrivateNodes: true,
      reportTimeoutBlocks: 120,
    }),
  );
  start("gateway", ["serve", "--config", config], {
    CESS_S3_LISTEN: new URL(s3).host,
    CESS_S3_ADMIN_LISTEN: new URL(admin).host,
    CESS_S3_DATA_DIR: join(folder, "data"),
  });
  await until("the gateway is ready", async () => (await fetch(`${admin}/health/ready`)).ok);
  say("gateway and nodes are ready");

  await s3call("PUT", "/real");
  const objects = [
    ["small", 12_345],
    ["two-segments", 40 * 2 ** 20],
  ].map(([key, size]) => ({ key, bytes: randomBytes(size) }));
  for (const { key, bytes } of objects) await s3call("PUT", `/real/${key}`, bytes);
  for (const { key, bytes } of objects) {
    let last;
    const { headers } = await until(`${key} is stored`, async () => {
      const answer = await s3call("HEAD", `/real/${key}`);
      const now = `${answer.headers["x-cess-state"]} ${answer.headers["x-cess-reports"] ?? ""}`;
      if (now !== last) say(`${key}: ${(last = now)}`);
      return answer.headers["x-cess-state"] === "stored" ? answer : undefined;
    });
    await fetch(`${admin}/cache`, { method: "DELETE" });
    const back = await s3call("GET", `/real/${key}`);
    if (!back.bytes.equals(bytes)) throw new Error(`${key} came back different`);
    const file = (await api.query.fileBank.file(`0x${Buffer.from(headers["x-cess-fid"]).toString("hex")}`)).unwrap();
    say(
      `${key}: read back identical; on chain ${file.stat.type}, ${file.segmentList.length} segment(s), ${new Set(file.segmentList[0].fragmentList.map((f) => f.miner.toString())).size} nodes, name "${file.owner[0].fileName.toUtf8()}"`,
    );
  }
  await s3call("DELETE", "/real/small");
  const fid = objects.length;
  await until(
    "the deleted object leaves the chain",
    async () => (await api.query.fileBank.userHoldFileList(bob.address)).length === fid - 1,
  );
  say("the deleted object left the chain");
  await api.disconnect();
  say("all of it works on the real runtime");
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await Promise.all(
    processes.map(
      (child) =>
        new Promise((resolve) =>
          child.exitCode !== null ? resolve() : (child.once("exit", resolve), child.kill("SIGTERM")),
        ),
    ),
  );
  rmSync(folder, { recursive: true, force: true });
}
