import { expect } from "chai";
import { ByteStream } from "../../../src/streams/byte-stream.js";
import { collect } from "../../support/collect.js";

describe("a byte stream", () => {
  /** What became of the source, and of the stream over it. */
  class Source {
    given = 0;
    left = 0;
    closed = 0;
    readonly onClose = (): void => {
      this.closed++;
    };

    async *chunks(count: number, then?: () => Promise<void>): AsyncGenerator<Uint8Array, void> {
      try {
        for (let n = 0; n < count; n++) {
          await Promise.resolve();
          this.given++;
          yield Buffer.from([n]);
        }
        await then?.();
      } finally {
        this.left++;
      }
    }
  }

  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const reasonOf = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
  const never = () => new Promise<void>(() => undefined);

  it("begins with its first chunk at hand and asks for the next when the reader does", async () => {
    const source = new Source();
    const stream = await ByteStream.begin(source.chunks(3), undefined, source.onClose);
    await settled();
    expect(source).to.include({ given: 1, closed: 0 });
    expect([...(await collect(stream))]).to.deep.equal([0, 1, 2]);
    expect(source).to.include({ given: 3, left: 1, closed: 1 });
  });

  it("rejects at once when its source fails before the first chunk, and closes", async () => {
    const source = new Source();
    const failure = new Error("nothing there");
    expect(
      await reasonOf(
        ByteStream.begin(
          source.chunks(0, () => Promise.reject(failure)),
          undefined,
          source.onClose,
        ),
      ),
    ).to.equal(failure);
    expect(source).to.include({ left: 1, closed: 1 });
  });

  it("throws a later failure to its reader and ends after it", async () => {
    const source = new Source();
    const stream = await ByteStream.begin(
      source.chunks(1, () => Promise.reject(new Error("gone"))),
      undefined,
      source.onClose,
    );
    expect(await reasonOf(collect(stream))).to.have.property("message", "gone");
    expect(source).to.include({ left: 1, closed: 1 });
    expect(await stream.next()).to.include({ done: true });
  });

  it("closes when its reader leaves in the middle", async () => {
    const source = new Source();
    const stream = await ByteStream.begin(source.chunks(3), undefined, source.onClose);
    for await (const chunk of stream) {
      expect(chunk[0]).to.equal(0);
      break;
    }
    await settled();
    expect(source).to.include({ given: 1, left: 1, closed: 1 });
  });

  it("closes without ever having been read", async () => {
    const source = new Source();
    const stream = await ByteStream.begin(source.chunks(3), undefined, source.onClose);
    stream.close();
    stream.close();
    await settled();
    expect(source).to.include({ left: 1, closed: 1 });
  });

  it("ends with the signal's reason even while its source says nothing", async () => {
    const source = new Source();
    const controller = new AbortController();
    const stream = await ByteStream.begin(source.chunks(1, never), controller.signal, source.onClose);
    const reading = reasonOf(collect(stream));
    await settled();
    controller.abort(new Error("the client is gone"));
    expect(await reading).to.have.property("message", "the client is gone");
    expect(source).to.include({ closed: 1 });
  });

  it("does not give the chunk at hand after the signal", async () => {
    const controller = new AbortController();
    const stream = await ByteStream.begin(new Source().chunks(3), controller.signal);
    controller.abort(new Error("shutting down"));
    expect(await reasonOf(stream.next())).to.have.property("message", "shutting down");
  });

  it("does not begin under a signal that has aborted, nor while its source says nothing", async () => {
    const source = new Source();
    expect(
      await reasonOf(ByteStream.begin(source.chunks(1), AbortSignal.abort(new Error("too late")), source.onClose)),
    ).to.have.property("message", "too late");
    const controller = new AbortController();
    const beginning = reasonOf(ByteStream.begin(source.chunks(0, never), controller.signal, source.onClose));
    controller.abort(new Error("gone"));
    expect(await beginning).to.have.property("message", "gone");
    expect(source).to.include({ given: 0, closed: 2 });
  });

  it("gives bytes that are here already", async () => {
    expect((await collect(ByteStream.of(Buffer.from("by"), Buffer.from("tes")))).toString()).to.equal("bytes");
    expect(await collect(ByteStream.of())).to.have.length(0);
  });
});
