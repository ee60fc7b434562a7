import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { Command } from "../support/command.js";
import { eventually } from "../support/eventually.js";
import { GatewayProcess } from "../support/gateway-process.js";

describe("A data folder in use", function () {
  this.timeout(90_000);
  let folder: string;
  let data: string;
  const commands: Command[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cess-s3-in-use-"));
    data = join(folder, "data");
  });
  afterEach(async () => {
    await Promise.all(commands.splice(0).map((command) => command.kill("SIGKILL")));
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) => {
    const command = Command.start(args, environment);
    commands.push(command);
    return command;
  };
  const config = () => {
    const path = join(folder, `${readdirSync(folder).length}.yaml`);
    const account = {
      name: "alice",
      cessAccount: "cXfyomKDABfehLkvARFE854wgDJFMbsxwAJEHezRb6mfcAi2y",
      territory: "photos",
      accessKeyId: "ALICE",
      secretAccessKey: "alicesecret",
    };
    const values = {
      listen: "127.0.0.1:0",
      adminListen: "127.0.0.1:0",
      dataDir: data,
      // No chain is there: the gateway serves without, and is not ready.
      chain: { endpoints: ["ws://127.0.0.1:1"], mnemonic: "//Gateway" },
      encryption: { default: "none" },
      accounts: [account],
      logLevel: "error",
    };
    writeFileSync(path, JSON.stringify(values));
    return path;
  };
  /** How long the program takes at this moment, on this machine, to say anything at all. */
  const startUpMs = async () => (await start(["--help"]).end()).ms;
  const tree = () =>
    readdirSync(data, { recursive: true, withFileTypes: true }).map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { path: relative(data, path), isFolder: entry.isDirectory(), mode: statSync(path).mode & 0o7777 };
    });

  it("is refused to a second gateway, at once and with the holder's name, until the first has ended in any way", async () => {
    const first = start(["serve", "--config", config()]);
    await first.says("S3 endpoint");
    // As an upload leaves it that is under way.
    const unfinished = join(data, "blobs", "unfinished", "0".repeat(32));
    writeFileSync(unfinished, "bytes on their way");

    const slack = await startUpMs();
    const second = await start(["serve", "--config", config()]).end();
    expect(second.code).to.equal(1);
    expect(second.output)
      .to.contain(`the folder ${data} is in use by cess-s3 serve, process ${first.pid} on host `)
      .and.contain("dataDir")
      .and.not.contain("    at ");
    expect(second.ms, "within 2 s of the program's start").to.be.lessThan(2_000 + slack);
    const dev = await start(["dev"], { CESS_S3_DATA_DIR: data }).end();
    expect(dev.code).to.equal(1);
    expect(dev.output).to.contain(`in use by cess-s3 serve, process ${first.pid}`);
    expect(existsSync(unfinished), "nothing was touched").to.equal(true);
    expect(existsSync(join(data, "network"))).to.equal(false);

    await first.kill("SIGKILL");
    const third = start(["serve", "--config", config()]);
    await third.says("S3 endpoint");
    expect(existsSync(unfinished), "it is the third's now, which tidies up").to.equal(false);
    expect((await third.kill("SIGTERM")).code).to.equal(0);
    expect(existsSync(join(data, "lock.json"))).to.equal(false);
    const fourth = start(["serve", "--config", config()]);
    await fourth.says("S3 endpoint");
  });

  it("goes to one of several gateways that start at the same moment", async () => {
    const started = Array.from({ length: 3 }, () => start(["serve", "--config", config()]));
    await eventually("one serves and the others have ended", async () => {
      const serving = started.filter(({ output }) => output.includes("S3 endpoint")).length;
      const refused = started.filter(({ output }) => output.includes("is in use by")).length;
      return Promise.resolve(serving === 1 && refused === 2 ? true : undefined);
    });
  });

  it("of a dev network is refused to a second one, whose objects outlive a kill, and is readable by nobody else", async () => {
    const environment = { CESS_S3_DATA_DIR: data };
    const before = process.umask(0);
    const first = await GatewayProcess.start(["dev"], environment).finally(() => process.umask(before));
    try {
      await first.client().send(new CreateBucketCommand({ Bucket: "kept" }));
      await first.client().send(new PutObjectCommand({ Bucket: "kept", Key: "small", Body: "in a pack" }));
      await first.client().send(new PutObjectCommand({ Bucket: "kept", Key: "big", Body: Buffer.alloc(100_000, 1) }));
      const second = await start(["dev"], environment).end();
      expect(second.code).to.equal(1);
      expect(second.output).to.contain(`the folder ${data} is in use by cess-s3 dev, process ${first.pid} on host `);
      expect(second.output).to.not.contain("[object Object]");

      const open = tree().filter(({ isFolder, mode }) => mode !== (isFolder ? 0o700 : 0o600));
      expect(open, "what others may read or enter").to.deep.equal([]);
      expect(tree().map(({ path }) => path)).to.include.members(["catalog.sqlite", "blobs", "keys.json", "network"]);
      expect(statSync(data).mode & 0o7777).to.equal(0o700);
    } finally {
      await first.end("SIGKILL");
    }
    const third = await GatewayProcess.start(["dev"], environment);
    try {
      const { Body } = await third.client().send(new GetObjectCommand({ Bucket: "kept", Key: "small" }));
      expect(await Body?.transformToString()).to.equal("in a pack");
    } finally {
      await third.end();
    }
  });

  it("of a storage node is refused to a second one", async () => {
    const environment = {
      CESS_S3_NODE_DATA_DIR: data,
      CESS_S3_NODE_LISTEN: "127.0.0.1:0",
      CESS_S3_CHAIN_ENDPOINTS: "ws://127.0.0.1:1",
      CESS_S3_MNEMONIC: "//Node0",
    };
    const first = start(["node"], environment);
    await eventually("the node has its folder", () => Promise.resolve(existsSync(join(data, "incoming")) || undefined));
    writeFileSync(join(data, "incoming", "fragment"), "on its way");
    const second = await start(["node"], environment).end();
    expect(second.code).to.equal(1);
    expect(second.output)
      .to.contain(`the folder ${data} is in use by cess-s3 node, process ${first.pid}`)
      .and.contain("CESS_S3_NODE_DATA_DIR");
    expect(existsSync(join(data, "incoming", "fragment"))).to.equal(true);
    expect(statSync(data).mode & 0o7777).to.equal(0o700);
  });
});
