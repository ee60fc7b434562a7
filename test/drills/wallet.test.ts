import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { eventually } from "../support/eventually.js";
import { reservePort } from "../support/reserved-port.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");

describe("docs/wallet.md, in an empty folder", function () {
  this.timeout(300_000);
  let folder: string;
  let environment: NodeJS.ProcessEnv;
  let blocks: readonly string[];
  const started: ChildProcess[] = [];

  /** A shell of its own process group, so that what it left in the background ends with it. */
  const shell = (script: string): { readonly child: ChildProcess; readonly said: { text: string } } => {
    const said = { text: "" };
    const child = spawn("bash", ["-c", `set -e; shopt -s expand_aliases\n${script}`], {
      cwd: join(folder, "empty"),
      env: environment,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (chunk: string) => (said.text += chunk));
    started.push(child);
    return { child, said };
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-wallet-"));
    for (const name of ["empty", "bin", "home"]) mkdirSync(join(folder, name));
    const program = join(folder, "bin", "cess-s3");
    writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${join(root, "dist/src/main.js")}" "$@"\n`);
    chmodSync(program, 0o755);
    const [chain, everyone, s3, admin] = [
      await reservePort(),
      await reservePort(),
      await reservePort(),
      await reservePort(),
    ];
    environment = {
      PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"]}`,
      HOME: join(folder, "home"),
      CESS_S3_LISTEN: `127.0.0.1:${s3}`,
      CESS_S3_ADMIN_LISTEN: `127.0.0.1:${admin}`,
    };
    const page = readFileSync(join(root, "docs/wallet.md"), "utf8")
      .replaceAll("9944", String(chain))
      .replaceAll("9003", String(everyone))
      .replaceAll("127.0.0.1:9000", `127.0.0.1:${s3}`);
    blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block = ""]) => block);
  });
  after(() => {
    for (const { pid } of started) {
      try {
        if (pid !== undefined) process.kill(-pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it("leads word by word from a wallet to an object on twelve nodes, and to more days for it", async () => {
    const [network = "", ...rest] = blocks;
    const { said } = shell(network);
    await eventually("the network runs", () => said.text.includes("a CESS network runs"));
    const walk = shell(rest.join("\n"));
    const [code] = (await once(walk.child, "exit")) as [number | null];
    expect(code, walk.said.text).to.equal(0);
    // What it printed last may come after its end, and the gateway that it started keeps the pipe open.
    await eventually("its last line", () => /^photos +active/m.test(walk.said.text));
    expect(walk.said.text).to.match(/photos is active, has 10\.0 GiB of 10\.0 GiB left/);
    expect(walk.said.text).to.match(/Authorized\./);
    expect(walk.said.text).to.match(/state +stored\n/);
    expect(walk.said.text.match(/^ {2}\d+ +c\w{47,} +held +positive/gm) ?? [], walk.said.text).to.have.length(12);
  });
});
