import { getEventListeners } from "node:events";
import { expect } from "chai";
import { abortable, pause } from "../../../../src/network/chain/abortable.js";

const never = () => new Promise<never>(() => undefined);
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );

describe("abortable", () => {
  it("settles as the work does and leaves no listener on the signals", async () => {
    const stop = new AbortController();
    const failure = new Error("no");
    expect(await outcome(abortable(Promise.resolve(1), [stop.signal, undefined]))).to.deep.equal({ value: 1 });
    expect(await outcome(abortable(Promise.reject(failure), [stop.signal]))).to.deep.equal({ error: failure });
    expect(getEventListeners(stop.signal, "abort")).to.have.length(0);
  });

  it("rejects with the reason of whichever signal aborts first", async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const reason = new Error("enough");
    const waiting = outcome(abortable(never(), [one.signal, other.signal]));
    other.abort(reason);
    expect(await waiting).to.deep.equal({ error: reason });
    expect(getEventListeners(one.signal, "abort")).to.have.length(0);
  });

  it("rejects at once when a signal had aborted before", async () => {
    const reason = new Error("too late");
    expect(await outcome(abortable(never(), [AbortSignal.abort(reason)]))).to.deep.equal({ error: reason });
  });

  it("lets a pause end early", async () => {
    const stop = new AbortController();
    const reason = new Error("wake up");
    const pausing = outcome(pause(60_000, [stop.signal]));
    stop.abort(reason);
    expect(await pausing).to.deep.equal({ error: reason });
    expect(await outcome(pause(1, []))).to.deep.equal({ value: undefined });
  });
});
