import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { FolderLock } from "../../../src/cli/folder-lock.js";
import { ConfigError } from "../../../src/config/config-error.js";

const module = new URL("../../../src/cli/folder-lock.js", import.meta.url).href;
const run = promisify(execFile);

/** Tries to take the lock in a process of its own: "taken", or what it says. */
async function tryElsewhere(folder: string): Promise<string> {
  const script = `
    const { FolderLock } = await import(${JSON.stringify(module)});
    try { FolderLock.take(${JSON.stringify(folder)}, "another").release(); console.log("taken"); }
    catch (error) { console.log(error.message); }`;
  return (await run(process.execPath, ["--input-type=module", "-e", script])).stdout.trim();
}

/** Another process that takes the lock and keeps it until it is killed. */
async function holder(folder: string): Promise<ChildProcess> {
  const script = `
    const { FolderLock } = await import(${JSON.stringify(module)});
    globalThis.lock = FolderLock.take(${JSON.stringify(folder)}, "the holder");
    console.log("taken");
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

describe("The lock of a folder", function () {
  this.timeout(30_000);
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cess-s3-lock-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const refusal = (path: string): string => {
    try {
      FolderLock.take(path, "another").release();
    } catch (error) {
      expect(error).to.be.instanceOf(ConfigError);
      return (error as Error).message;
    }
    throw new Error("it was taken");
  };

  it("is one process's, which others are told: command, process, host and since when", async () => {
    const before = Date.now();
    const lock = FolderLock.take(folder, "cess-s3 serve");
    const told = await tryElsewhere(folder);
    const since = Date.parse(/since (\S+Z)$/.exec(told)?.[1] ?? "");
    expect(told).to.contain(
      `the folder ${folder} is in use by cess-s3 serve, process ${process.pid} on host ${hostname()}, since `,
    );
    expect(since).to.be.within(before, Date.now());
    lock.release();
    expect(await tryElsewhere(folder)).to.equal("taken");
  });

  it("dies with its holder, killed or not, whatever the holder's file still says", async () => {
    const child = await holder(folder);
    expect(refusal(folder)).to.contain(`the holder, process ${child.pid}`);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(JSON.parse(readFileSync(join(folder, "lock.json"), "utf8"))).to.have.property("pid", child.pid);
    const lock = FolderLock.take(folder, "the next");
    expect(await tryElsewhere(folder)).to.contain(`the next, process ${process.pid}`);
    lock.release();
  });

  it("says that another process has it where the holder's file cannot be read", () => {
    const lock = FolderLock.take(folder, "the holder");
    for (const text of ["", "{", "null", '{"command":"the hol', '{"command":"the holder"}']) {
      writeFileSync(join(folder, "lock.json"), text);
      expect(refusal(folder), text).to.equal(`the folder ${folder} is in use by another process`);
    }
    lock.release();
  });

  it("outlives attempts in this process, in its threads and in others, and databases that they open and close", async () => {
    const lock = FolderLock.take(folder, "the holder");
    const script = `
      const { default: Database } = await import(${JSON.stringify(import.meta.resolve("libsql"))});
      const { FolderLock } = await import(${JSON.stringify(module)});
      const { parentPort } = await import("node:worker_threads");
      const database = new Database(${JSON.stringify(join(folder, "other.sqlite"))});
      database.exec("create table if not exists t (a)");
      database.close();
      try { FolderLock.take(${JSON.stringify(folder)}, "a thread"); parentPort.postMessage("taken"); }
      catch (error) { parentPort.postMessage(error.message); }`;
    for (let round = 0; round < 3; round++) {
      expect(refusal(folder)).to.contain("the holder");
      const worker = new Worker(script, { eval: true, execArgv: ["--input-type=module"] });
      // Both at once: the last message and the end may come in one turn.
      const [[told]] = await Promise.all([once(worker, "message") as Promise<[string]>, once(worker, "exit")]);
      expect(told).to.contain("in use by the holder");
      expect(await tryElsewhere(folder)).to.contain("the holder");
    }
    lock.release();
  });

  it("is the folder's, by whatever path it is reached", async () => {
    const link = `${folder}-link`;
    symlinkSync(folder, link);
    const lock = FolderLock.take(folder, "the holder");
    try {
      expect(await tryElsewhere(link)).to.contain(`${link} is in use by the holder`);
    } finally {
      lock.release();
      rmSync(link);
    }
  });

  it("goes to exactly one of those who come at the same moment", async () => {
    const script = `
      const { FolderLock } = await import(${JSON.stringify(module)});
      process.stdin.once("data", () => {
        try { globalThis.lock = FolderLock.take(${JSON.stringify(folder)}, "one"); console.log("taken"); }
        catch (error) { console.log(error.message); }
      });
      console.log("waiting");`;
    const children = Array.from({ length: 6 }, () =>
      spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["pipe", "pipe", "inherit"] }),
    );
    try {
      await Promise.all(children.map(({ stdout }) => once(stdout, "data")));
      const said = Promise.all(children.map(async ({ stdout }) => String((await once(stdout, "data"))[0])));
      for (const { stdin } of children) stdin.write("go\n");
      const answers = await said;
      expect(answers.filter((answer) => answer === "taken\n").length, answers.join("")).to.equal(1);
      expect(answers.filter((answer) => answer.includes("in use by")).length, answers.join("")).to.equal(5);
    } finally {
      for (const child of children) child.kill("SIGKILL");
    }
  });

  it("says in use even where the holder cannot be read, and writes nothing but its two files", () => {
    const lock = FolderLock.take(folder, "the holder");
    expect(readdirSync(folder).sort()).to.deep.equal(["lock.json", "lock.sqlite"]);
    writeFileSync(join(folder, "lock.json"), "{");
    expect(refusal(folder)).to.equal(`the folder ${folder} is in use by another process`);
    lock.release();
    expect(readdirSync(folder)).to.deep.equal(["lock.sqlite"]);
    mkdirSync(join(folder, "lock.json"));
    const without = FolderLock.take(folder, "the holder");
    expect(refusal(folder)).to.contain("another process");
    rmSync(join(folder, "lock.json"), { recursive: true });
    without.release();
  });

  it("is not taken before the processes that its holder started have ended", async () => {
    const script = `
      const { FolderLock } = await import(${JSON.stringify(module)});
      FolderLock.join(${JSON.stringify(folder)});
      console.log("joined");
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    // Several may join.
    const other = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(other.stdout, "data");
    const waiting = tryElsewhere(folder);
    other.kill("SIGKILL");
    await once(other, "exit");
    expect(await Promise.race([waiting, new Promise((resolve) => setTimeout(() => resolve("waits"), 500))])).to.equal(
      "waits",
    );
    child.kill("SIGKILL");
    expect(await waiting).to.equal("taken");
  });
});
