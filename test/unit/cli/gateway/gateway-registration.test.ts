import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog, GatewayFacts } from "../../../../src/catalog/catalog.js";
import { openSqliteCatalog } from "../../../../src/catalog/sqlite/sqlite-catalog.js";
import {
  GatewayRegistration,
  REGISTRATION,
  requireNoneRuns,
  type StagingTokens,
} from "../../../../src/cli/gateway/gateway-registration.js";
import { ConfigError } from "../../../../src/config/config-error.js";
import { testKeys } from "../../../support/test-keys.js";

/** Each sleep passes at once, and lets others do something meanwhile. */
class PassingClock {
  time = 1_760_000_000_000;
  meanwhile: () => Promise<void> = () => Promise.resolve();
  slept = 0;

  now(): number {
    return this.time;
  }

  async sleep(ms: number): Promise<void> {
    this.time += ms;
    this.slept += ms;
    await this.meanwhile();
  }
}

describe("The registration of gateways", () => {
  let folder: string;
  let clock: PassingClock;
  let catalog: Catalog;
  let ended: string[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "cess-s3-gateways-"));
    clock = new PassingClock();
    ended = [];
    catalog = await openSqliteCatalog({ clock, sealer: testKeys }, { path: join(folder, "c.sqlite"), shared: true });
  });
  afterEach(async () => {
    await catalog.close();
    await rm(folder, { recursive: true, force: true });
  });

  let starts = 0;
  const facts = (id: string, more: Partial<GatewayFacts> = {}): GatewayFacts => ({
    id,
    incarnation: `start ${++starts}`,
    place: `place of ${id}`,
    host: `host of ${id}`,
    folder: `/data/${id}`,
    version: "1.2.3",
    startedAt: clock.now(),
    ...more,
  });
  /** Staging that whoever has the same map shares. */
  const stagingIn = (tokens: Map<string, string>): StagingTokens => ({
    leave: (gateway, token) => Promise.resolve(void tokens.set(gateway, token)),
    finds: (gateway, token) => Promise.resolve(tokens.get(gateway) === token),
  });
  const enter = (own: GatewayFacts, staging?: StagingTokens, several = true) =>
    GatewayRegistration.enter(
      { catalog, clock, log: { info: () => undefined, warn: () => undefined }, several, staging },
      own,
      (reason) => ended.push(reason),
    );
  const refusal = async (work: Promise<unknown>): Promise<string> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(ConfigError);
    return (error as Error).message;
  };
  const ids = async () => (await catalog.gateways.list()).map(({ id }) => id);

  it("lists all gateways, and tells those that run from those that have been silent", async () => {
    const tokens = new Map<string, string>();
    const one = await enter(facts("one"), stagingIn(tokens));
    await enter(facts("two"), stagingIn(tokens));
    await one.listens("http://one:9000");
    expect((await one.list()).map(({ id, self, running, address }) => ({ id, self, running, address }))).to.deep.equal([
      { id: "one", self: true, running: true, address: "http://one:9000" },
      { id: "two", self: false, running: true, address: undefined },
    ]);
    clock.time += REGISTRATION.silentMs;
    await one.step();
    expect(one.gateways.map(({ running }) => running)).to.deep.equal([true, false]);
    clock.time += REGISTRATION.goneMs + 1;
    await one.step();
    expect(one.gateways.map(({ id }) => id)).to.deep.equal(["one"]);
    await one.close();
    expect(await ids()).to.deep.equal([]);
  });

  it("goes on with an id at once when the gateway starts again at its place after a kill", async () => {
    const first = await enter(facts("one"));
    await enter(facts("one"));
    expect(clock.slept).to.equal(0);
    // The one before was only paused.
    await first.step();
    expect(ended).to.have.length(1);
    expect(ended[0]).to.contain("another gateway has taken the id one, on host host of one");
    expect(first.reason()).to.equal(ended[0]);
    await first.step();
    await first.close();
    expect(ended).to.have.length(1);
    expect(await ids()).to.deep.equal(["one"]);
  });

  it("refuses an id that another gateway uses, and names that one and what to do", async () => {
    const first = await enter(facts("one"));
    clock.meanwhile = async () => {
      await first.step();
    };
    const message = await refusal(enter(facts("one", { place: "elsewhere", host: "h2", folder: "/srv" })));
    expect(message).to.match(
      /^another gateway with the id one runs: on host host of one with the data folder \/data\/one \(cess-s3 1\.2\.3, seen 0 s ago\)\. Give each gateway an id of its own in gateway\.id \(CESS_S3_GATEWAY_ID\), or leave it out/,
    );
    expect(message).to.contain("start again in 10 seconds");
    expect(clock.slept).to.equal(REGISTRATION.lookMs);
    await first.step();
    expect(ended).to.deep.equal([]);
  });

  it("says of a copied data folder that its gateway.json must go", async () => {
    const first = await enter(facts("one"));
    clock.meanwhile = async () => {
      await first.step();
    };
    expect(await refusal(enter(facts("one", { host: "copy" })))).to.contain(
      "Its data folder has the same gateway.json as this one's: remove that file from the one that is a copy",
    );
  });

  it("sees that the other one runs although its clock is far off", async () => {
    const first = await enter(facts("one"));
    clock.meanwhile = async () => {
      clock.time -= 3_600_000;
      await first.step();
      clock.time += 3_600_000;
    };
    clock.time += 4 * REGISTRATION.silentMs;
    await refusal(enter(facts("one", { host: "moved" })));
  });

  it("takes an id over at another place once nothing was seen of the one who had it, or when it has left", async () => {
    await enter(facts("one"));
    await enter(facts("one", { place: "elsewhere", host: "h2" }));
    expect(clock.slept).to.equal(REGISTRATION.silentMs);
    const second = await enter(facts("two"), stagingIn(new Map())).catch(() => undefined);
    expect(second).to.equal(undefined);
    clock.slept = 0;
    clock.time += 20 * REGISTRATION.silentMs;
    await enter(facts("one", { place: "third", host: "h3" }));
    expect(clock.slept).to.equal(0);
  });

  it("lets one of two starts have an id that both want", async () => {
    const results = await Promise.allSettled([
      enter(facts("one", { place: "p1", host: "h1" })),
      enter(facts("one", { place: "p2", host: "h2" })),
    ]);
    clock.meanwhile = () => Promise.resolve();
    const winners = results.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    for (const winner of winners) await winner.step();
    const holder = (await catalog.gateways.list())[0]?.incarnation;
    expect(winners.filter(({ facts: own }) => own.incarnation === holder && ended.length >= 0)).to.have.length(1);
    expect(ended).to.have.length(winners.length - 1);
  });

  it("refuses a second gateway that stages in its own data folder, and leaves no row of it", async () => {
    await enter(facts("one"));
    const message = await refusal(enter(facts("two")));
    expect(message).to.match(
      /^this gateway stages bytes in its own data folder, \/data\/two, and uses one catalog with the gateway one, on host host of one/,
    );
    expect(message).to.contain("Set staging.url of both to a place that they share");
    expect(await ids()).to.deep.equal(["one"]);
  });

  it("refuses a gateway with shared staging beside one that stages in its own data folder", async () => {
    await enter(facts("one"));
    expect(await refusal(enter(facts("two"), stagingIn(new Map())))).to.contain(
      "stages bytes in its own data folder, where this gateway cannot read them",
    );
  });

  it("refuses staging that does not have what the other gateways have left in theirs", async () => {
    const shared = new Map<string, string>();
    await enter(facts("one"), stagingIn(shared));
    await enter(facts("two"), stagingIn(shared));
    const message = await refusal(enter(facts("three"), stagingIn(new Map())));
    expect(message).to.match(/^the staging of this gateway is not that of the gateway one, on host host of one/);
    expect(await ids()).to.deep.equal(["one", "two"]);
  });

  it("forgets at once all others of a catalog that is in the data folder: they were this one", async () => {
    await enter(facts("one"), undefined, false);
    await enter(facts("two"), undefined, false);
    expect(clock.slept).to.equal(0);
    expect(await ids()).to.deep.equal(["two"]);
  });

  it("does not ask for the staging of a gateway that has ended", async () => {
    await enter(facts("one"));
    clock.time += REGISTRATION.silentMs;
    await enter(facts("two"));
    expect(await ids()).to.deep.equal(["one", "two"]);
  });

  it("names those that run to what must have the catalog to itself", async () => {
    await requireNoneRuns(catalog, clock, "cess-s3 fsck");
    await enter(facts("one"));
    const message = await requireNoneRuns(catalog, clock, "cess-s3 fsck").catch((error: unknown) => String(error));
    expect(message).to.match(
      /^CommandError: cess-s3 fsck must have the catalog to itself, .*: one, on host host of one/,
    );
    clock.time += REGISTRATION.silentMs;
    await requireNoneRuns(catalog, clock, "cess-s3 fsck");
  });
});
