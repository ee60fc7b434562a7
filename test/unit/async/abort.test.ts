import { getEventListeners } from "node:events";
import { expect } from "chai";
import { abortable, onAbort } from "../../../src/async/abort.js";

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
});

describe("onAbort", () => {
  const reason = new Error("enough");

  it("calls back once, with the reason, and at once when the signal has aborted already", () => {
    const heard: Error[] = [];
    const stop = new AbortController();
    onAbort(stop.signal, (why) => heard.push(why));
    stop.abort(reason);
    onAbort(stop.signal, (why) => heard.push(why));
    expect(heard).to.deep.equal([reason, reason]);
    expect(getEventListeners(stop.signal, "abort")).to.have.length(0);
  });

  it("takes the listener off again, and warns of no leak when many listen", () => {
    const stop = new AbortController();
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on("warning", warned);
    const stops = Array.from({ length: 50 }, () => onAbort(stop.signal, () => expect.fail("it listens no more")));
    for (const stopListening of stops) stopListening();
    stop.abort(reason);
    process.off("warning", warned);
    expect(warnings).to.deep.equal([]);
    onAbort(undefined, () => expect.fail("there is nothing to listen to"))();
  });
});
