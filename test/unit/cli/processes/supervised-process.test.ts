import { expect } from "chai";
import { ConfigError } from "../../../../src/config/config-error.js";
import type { FromChild, ToChild } from "../../../../src/cli/processes/messages.js";
import { SupervisedProcess, type Child } from "../../../../src/cli/processes/supervised-process.js";
import { ManualClock, settle } from "../../../support/manual-clock.js";

/** A child whose life is the test's. */
class GivenChild implements Child {
  readonly heard: ToChild[] = [];
  killed = false;
  readonly ended: Promise<string>;
  private end: (how: string) => void = () => undefined;
  private listener: (message: FromChild) => void = () => undefined;

  constructor(readonly pid: number) {
    this.ended = new Promise((resolve) => (this.end = resolve));
  }
  send(message: ToChild): void {
    this.heard.push(message);
  }
  onMessage(listener: (message: FromChild) => void): void {
    this.listener = listener;
  }
  kill(): void {
    this.killed = true;
    this.end("signal SIGKILL");
  }
  say(message: FromChild): void {
    this.listener(message);
  }
  async die(how: string): Promise<void> {
    this.end(how);
    await settle();
  }
}

describe("A process of the gateway that is supervised", () => {
  const START: ToChild = { kind: "close" };
  let clock: ManualClock;
  let children: GivenChild[];
  let givenUp: string[];
  let lines: string[];
  let supervised: SupervisedProcess;
  beforeEach(() => {
    [clock, children, givenUp, lines] = [new ManualClock(), [], [], []];
    const line = (_: object, message: string) => void lines.push(message);
    supervised = new SupervisedProcess(
      {
        fork: () => {
          const child = new GivenChild(children.length + 100);
          children.push(child);
          return child;
        },
        clock,
        log: { info: line, warn: line, error: line } as never,
        start: () => START,
        onStarted: () => undefined,
        onMessage: () => undefined,
        onChange: () => undefined,
        onGivenUp: (reason) => void givenUp.push(reason),
      },
      { role: "request", index: 2 },
    );
  });
  const serve = (child: GivenChild | undefined) => {
    child?.say({ kind: "ready" });
    child?.say({ kind: "started", urls: { s3: "http://127.0.0.1:9000" } });
  };

  it("is told what it is when it listens, and serves when it says so", async () => {
    const started = supervised.start();
    expect(children[0]?.heard).to.deep.equal([]);
    expect(supervised.view.serving).to.equal(false);
    serve(children[0]);
    expect(children[0]?.heard).to.deep.equal([START]);
    expect(await started).to.deep.equal({ s3: "http://127.0.0.1:9000" });
    expect(supervised.view).to.include({ role: "request", index: 2, pid: 100, serving: true, restarts: 0 });
  });

  it("is ended and started again when it does not answer any more, and not before", async () => {
    const started = supervised.start();
    supervised.probe();
    expect(children[0]?.heard, "while it starts it may be busy for long").to.deep.equal([]);
    serve(children[0]);
    await started;
    const probe = (times: number) => {
      for (let n = 0; n < times; n++) supervised.probe();
    };
    for (let round = 0; round < 3; round++) {
      probe(12);
      children[0]?.say({ kind: "alive" });
    }
    expect(children[0]?.killed).to.equal(false);
    probe(12);
    expect(children[0]?.killed).to.equal(false);
    probe(1);
    expect(children[0]?.killed).to.equal(true);
    expect(lines.join()).to.contain("does not answer any more");
    await settle();
    await clock.advance(100);
    serve(children[1]);
    expect(supervised.view).to.include({ pid: 101, serving: true, restarts: 1 });
    probe(12);
    expect(children[1]?.killed).to.equal(false);
  });

  it("makes the program's start fail with its own words when its first start fails", async () => {
    const started = supervised.start().catch((error: unknown) => error);
    children[0]?.say({ kind: "failed", message: "listen: something listens there already", key: "listen" });
    await children[0]?.die("code 1");
    const error = await started;
    expect(error).to.be.instanceOf(ConfigError);
    expect(error).to.include({ message: "listen: something listens there already", key: "listen" });
    expect(children).to.have.length(1);
  });

  it("says how it ended where it could say nothing itself", async () => {
    const started = supervised.start().catch((error: unknown) => error);
    await children[0]?.die("signal SIGSEGV");
    expect(await started)
      .to.have.property("message")
      .that.equals("request process 2 ended before it served anything (signal SIGSEGV)");
  });

  it("is started again after a pause when it dies, also when a later start fails", async () => {
    void supervised.start();
    serve(children[0]);
    await children[0]?.die("signal SIGKILL");
    expect(supervised.view).to.deep.include({
      pid: undefined,
      serving: false,
      restarts: 1,
      died: { at: clock.now(), how: "signal SIGKILL" },
    });
    await clock.advance(99);
    expect(children).to.have.length(1);
    await clock.advance(1);
    expect(children).to.have.length(2);
    children[1]?.say({ kind: "failed", message: "the disk is full", key: undefined });
    await children[1]?.die("code 1");
    expect(supervised.view.died?.how).to.equal("code 1: the disk is full");
    await clock.advance(200);
    serve(children[2]);
    expect(supervised.view).to.include({ serving: true, restarts: 2, pid: 102 });
    expect(lines).to.deep.equal(Array(2).fill("a process of the gateway died; it is started again"));
  });

  it("is given up with a reason when it dies again and again", async () => {
    void supervised.start();
    for (let n = 0; n < 10; n++) {
      serve(children[n]);
      await children[n]?.die("code 134");
      await clock.advance(10_000);
    }
    expect(children).to.have.length(10);
    expect(givenUp).to.deep.equal([
      "request process 2 died 10 times within 10 minutes, the last time with code 134: the gateway ends. Look for the reason in the log above",
    ]);
    await supervised.ended();
  });

  it("is not started again when the gateway ends, neither if it waits for that", async () => {
    void supervised.start();
    serve(children[0]);
    await children[0]?.die("code 1");
    supervised.letEnd();
    await supervised.ended();
    await clock.advance(60_000);
    expect(children).to.have.length(1);
  });
});
