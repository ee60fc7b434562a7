import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { answers } from "../support/answers.js";
import { reservePort } from "../support/reserved-port.js";
import { ServerProcess } from "../support/server-process.js";
import { VersityServer } from "../support/versity-server.js";
import { BENCH_KEY, BenchClient } from "./bench-client.js";
import { GatewayUnderTest } from "./gateway-under-test.js";

/** A server on an empty folder of the same disk, with the bucket `bench`. */
export interface Peer {
  /** With its version, and what a PUT that was answered survives. */
  readonly name: string;
  readonly kind: "ourselves" | "floor" | "file floor" | "versitygw" | "SeaweedFS" | "Garage";
  readonly port: number;
  readonly pid: number;
  end(): Promise<void>;
}

/** The gateway without work in the background. It syncs what it has acknowledged. */
export async function ourselves(): Promise<Peer> {
  const gateway = await GatewayUnderTest.start();
  const { pid } = gateway;
  const { port } = gateway.client;
  await bucketAt(port);
  return { name: "cess-s3", kind: "ourselves", port, pid, end: () => gateway.close() };
}

/** What Node.js itself needs for the same answers (floor-server.ts). */
export async function floor(): Promise<Peer> {
  const port = await reservePort();
  const program = fileURLToPath(new URL("./floor-server.js", import.meta.url));
  const server = await serverOn(port, process.execPath, [program, String(port)]);
  return { name: "bare node:http", kind: "floor", port, pid: server.pid, end: () => server.end("SIGKILL") };
}

/** What Node.js itself needs to keep large bodies in files (file-floor-server.ts). */
export async function fileFloor(folder: string): Promise<Peer> {
  const data = join(folder, "file-floor");
  mkdirSync(data);
  const port = await reservePort();
  const program = fileURLToPath(new URL("./file-floor-server.js", import.meta.url));
  const server = await serverOn(port, process.execPath, [program, String(port), data]);
  return {
    name: "bare node:http with files",
    kind: "file floor",
    port,
    pid: server.pid,
    end: () => server.end("SIGKILL"),
  };
}

/** Over plain files; undefined where `versitygw` is not in the path. */
export async function versitygw(folder: string): Promise<Peer | undefined> {
  const version = versionOf("versitygw", ["--version"], /Version\s*:\s*(\S+)/);
  if (version === undefined) return undefined;
  const server = await VersityServer.start(folder, BENCH_KEY);
  const { port, pid } = server;
  await bucketAt(port);
  return { name: `versitygw ${version}, no sync`, kind: "versitygw", port, pid, end: () => server.end() };
}

/** Master, volume, filer and S3 gateway in one process; undefined where `weed` is not in the path. */
export async function seaweedfs(folder: string): Promise<Peer | undefined> {
  const version = versionOf("weed", ["version"], /^version (.*?)(?: linux.*)?$/m);
  if (version === undefined) return undefined;
  const data = join(folder, "seaweedfs");
  mkdirSync(data);
  const identities = join(data, "identities.json");
  const { accessKeyId: accessKey, secretAccessKey: secretKey } = BENCH_KEY;
  const identity = { name: "bench", credentials: [{ accessKey, secretKey }], actions: ["Admin"] };
  writeFileSync(identities, JSON.stringify({ identities: [identity] }));
  const port = await reservePort();
  const options = ["server", `-dir=${data}`, "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=100", "-s3"];
  options.push(`-s3.config=${identities}`, `-s3.port=${port}`);
  for (const part of ["master", "volume", "filer"]) options.push(`-${part}.port=${await reservePort()}`);
  for (const part of ["master", "volume", "filer", "s3"]) options.push(`-${part}.port.grpc=${await reservePort()}`);
  const server = await serverOn(port, "weed", options);
  await bucketAt(port);
  const { pid } = server;
  return { name: `SeaweedFS ${version}, no sync`, kind: "SeaweedFS", port, pid, end: () => server.end("SIGKILL") };
}

/** One node; undefined where `garage` is not in the path. */
export async function garage(folder: string): Promise<Peer | undefined> {
  const version = versionOf("garage", ["--version"], /(\d+\.\d+\.\d+)/);
  if (version === undefined) return undefined;
  const data = join(folder, "garage");
  mkdirSync(data);
  const file = join(data, "garage.toml");
  const port = await reservePort();
  const rpc = await reservePort();
  writeFileSync(file, garageConfiguration(data, port, rpc));
  const server = await serverOn(port, "garage", ["-c", file, "server"]);
  const run = (...args: readonly string[]) => execFileSync("garage", ["-c", file, ...args], { encoding: "utf8" });
  const [node = ""] = run("node", "id", "-q").split("@");
  run("layout", "assign", "-z", "bench", "-c", "10G", node);
  run("layout", "apply", "--version", "1");
  const { accessKeyId, secretAccessKey } = BENCH_KEY;
  run("key", "import", "--yes", "-n", "bench", accessKeyId, secretAccessKey);
  run("key", "allow", "--create-bucket", accessKeyId);
  await bucketAt(port);
  const { pid } = server;
  return { name: `Garage ${version}, no sync`, kind: "Garage", port, pid, end: () => server.end("SIGKILL") };
}

function garageConfiguration(data: string, port: number, rpc: number): string {
  return `metadata_dir = "${join(data, "meta")}"
data_dir = "${join(data, "data")}"
db_engine = "lmdb"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:${rpc}"
rpc_public_addr = "127.0.0.1:${rpc}"
rpc_secret = "${"0".repeat(64)}"

[s3_api]
s3_region = "us-east-1"
api_bind_addr = "127.0.0.1:${port}"
root_domain = ".localhost"
`;
}

function serverOn(port: number, program: string, args: readonly string[]): Promise<ServerProcess> {
  const isReady = () => answers(port, "HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "HTTP/1.1 ");
  return new ServerProcess(program, args, { isReady }).start();
}

async function bucketAt(port: number): Promise<void> {
  const client = new BenchClient(port);
  await client.send({ method: "PUT", path: "/bench" });
  client.close();
}

/**
 * The version of a program in the path; undefined where it is not installed. One that was built from a Go module says
 * nothing of it itself, but Go knows.
 */
function versionOf(program: string, args: readonly string[], pattern: RegExp): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) return undefined;
  const path = spawnSync("which", [program], { encoding: "utf8" }).stdout.trim();
  const module = spawnSync("go", ["version", "-m", path], { encoding: "utf8" });
  const built = module.status === 0 ? /^\s*mod\s+\S+\s+(v\S+)/m.exec(module.stdout)?.[1] : undefined;
  return built ?? pattern.exec(stdout)?.[1] ?? "";
}
