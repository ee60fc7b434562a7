import { getEventListeners } from "node:events";
import { expect } from "chai";
import { type PermitRequest, Semaphore, SemaphoreFull } from "../../../src/async/semaphore.js";
import { settle } from "../../support/manual-clock.js";

const failure = (promise: Promise<unknown>) => promise.then(() => undefined).catch((error: unknown) => error);

describe("Semaphore", () => {
  let running: { readonly what: string; end(): void }[] = [];
  let started: string[] = [];
  beforeEach(() => {
    running = [];
    started = [];
  });

  /** Work that ends when the test says so. */
  const add = (semaphore: Semaphore, what: string, request: PermitRequest = {}) =>
    semaphore.run(
      () =>
        new Promise<void>((resolve) => {
          started.push(what);
          const entry = {
            what,
            end: () => {
              running.splice(running.indexOf(entry), 1);
              resolve();
            },
          };
          running.push(entry);
        }),
      request,
    );
  const send = (semaphore: Semaphore, file: string, node: string) =>
    add(semaphore, `${file}/${node}`, { queue: file, group: node });
  const endOne = async () => {
    running[0]?.end();
    await settle();
  };

  it("lets queues take turns: a long one does not keep a short one waiting", async () => {
    const semaphore = new Semaphore({ permits: 1, permitsPerGroup: 12 });
    const all = Array.from({ length: 50 }, (_, n) => send(semaphore, "long", `n${n}`));
    await settle();
    all.push(send(semaphore, "short", "n1"), send(semaphore, "short", "n2"));
    while (running.length > 0) await endOne();
    await Promise.all(all);
    expect(started.slice(0, 5)).to.deep.equal(["long/n0", "long/n1", "short/n1", "long/n2", "short/n2"]);
    expect(started).to.have.length(52);
  });

  it("keeps a slow group from holding every permit, whoever asks for it", async () => {
    const semaphore = new Semaphore({ permits: 4, permitsPerGroup: 2 });
    const all = ["a", "b", "c", "d"].map((file) => send(semaphore, file, "slow"));
    await settle();
    expect(started).to.deep.equal(["a/slow", "b/slow"]);
    all.push(...["e", "c", "f"].map((file) => send(semaphore, file, "quick")));
    await settle();
    expect(started.slice(2)).to.deep.equal(["e/quick", "c/quick"]);
    while (running.length > 0) await endOne();
    await Promise.all(all);
    expect(started).to.have.length(7);
  });

  it("lets callers leave while they wait, and releases the permits of work that fails", async () => {
    const semaphore = new Semaphore({ permits: 1 });
    const controller = new AbortController();
    const first = add(semaphore, "a");
    const left = failure(add(semaphore, "b", { signal: controller.signal }));
    const last = add(semaphore, "c");
    const reason = new Error("enough");
    controller.abort(reason);
    expect(await left).to.equal(reason);
    expect(semaphore.waiting).to.equal(1);
    await endOne();
    expect(started).to.deep.equal(["a", "c"]);
    await endOne();
    await Promise.all([first, last]);
    const broken = new Error("broken");
    expect(await failure(semaphore.run(() => Promise.reject(broken)))).to.equal(broken);
    expect([semaphore.used, semaphore.waiting]).to.deep.equal([0, 0]);
    expect(await failure(add(semaphore, "d", { signal: controller.signal }))).to.equal(reason);
  });

  it("leaves no listener on the signal of a caller that was served", async () => {
    const semaphore = new Semaphore({ permits: 1 });
    const { signal } = new AbortController();
    const all = [add(semaphore, "a", { signal }), add(semaphore, "b", { signal })];
    await settle();
    expect(getEventListeners(signal, "abort")).to.have.length(1);
    await endOne();
    expect(getEventListeners(signal, "abort")).to.have.length(0);
    await endOne();
    await Promise.all(all);
  });

  it("serves the foreground before the background", async () => {
    const semaphore = new Semaphore({ permits: 1 });
    const all = [
      add(semaphore, "first", { priority: "background" }),
      add(semaphore, "patient", { priority: "background" }),
      add(semaphore, "urgent"),
    ];
    while (running.length > 0 || started.length < 3) await endOne();
    await Promise.all(all);
    expect(started).to.deep.equal(["first", "urgent", "patient"]);
  });

  it("refuses one caller more than may wait", async () => {
    const semaphore = new Semaphore({ permits: 1, waiting: 1 });
    const all = [add(semaphore, "a"), add(semaphore, "b")];
    const refusal = await failure(add(semaphore, "c"));
    expect(refusal).to.be.instanceOf(SemaphoreFull).with.property("waiting", 1);
    await endOne();
    await endOne();
    await Promise.all(all);
    expect(started).to.deep.equal(["a", "b"]);
  });

  it("meets large requests: later smaller ones do not pass them, and one above all permits gets all", async () => {
    const bytes = new Semaphore({ permits: 10 });
    const first = await bytes.acquire({ permits: 6 });
    let large: (() => void) | undefined;
    let small: (() => void) | undefined;
    void bytes.acquire({ permits: 100 }).then((release) => (large = release));
    void bytes.acquire({ permits: 1 }).then((release) => (small = release));
    await settle();
    expect([bytes.used, bytes.waiting]).to.deep.equal([6, 2]);
    expect(bytes.tryAcquire({ permits: 1 }), "somebody waits").to.equal(undefined);
    first();
    first();
    await settle();
    expect([bytes.used, bytes.waiting]).to.deep.equal([10, 1]);
    large?.();
    await settle();
    expect([bytes.used, bytes.waiting]).to.deep.equal([1, 0]);
    small?.();
    const taken = bytes.tryAcquire({ permits: 10 });
    expect(bytes.tryAcquire()).to.equal(undefined);
    taken?.();
    expect(bytes.used).to.equal(0);
  });

  it("serves those behind a large request when its caller leaves", async () => {
    const bytes = new Semaphore({ permits: 10 });
    await bytes.acquire({ permits: 6 });
    const controller = new AbortController();
    const large = failure(bytes.acquire({ permits: 10, signal: controller.signal }));
    const small = bytes.acquire({ permits: 4 });
    controller.abort(new Error("enough"));
    await Promise.all([large, small]);
    expect(bytes.used).to.equal(10);
  });

  it("rejects all who wait, and all who come later, once it is closed", async () => {
    const semaphore = new Semaphore({ permits: 1 });
    const first = add(semaphore, "a");
    const waiting = [failure(add(semaphore, "b")), failure(add(semaphore, "c", { priority: "background" }))];
    const reason = new Error("closed");
    semaphore.close(reason);
    expect(await Promise.all([...waiting, failure(add(semaphore, "d"))])).to.deep.equal([reason, reason, reason]);
    expect(semaphore.tryAcquire()).to.equal(undefined);
    await endOne();
    await first;
    expect(started).to.deep.equal(["a"]);
  });
});
