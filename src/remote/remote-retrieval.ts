import type { LocalClient } from "../ipc/local-client.js";
import type { Waits } from "../model/waits.js";
import type { FileRange, Reach, Retrieval } from "../retrieval/retrieval.js";
import { ByteStream } from "../streams/byte-stream.js";
import type { RetrievalQuestion } from "./background-process.js";

/** Stored files, read by the background process, which has the cache and knows the nodes. */
export class RemoteRetrieval implements Retrieval {
  constructor(private readonly background: Pick<LocalClient, "open">) {}

  async open(files: readonly FileRange[], signal?: AbortSignal, reach?: Reach, waits?: Waits): Promise<ByteStream> {
    const [first, ...rest] = files;
    if (!first) return ByteStream.of();
    const one = (file: FileRange) => this.one({ file, reach }, signal, waits);
    const beginning = await one(first);
    // A file's list of hashes may take a MiB, and an object may have 164 files: each is asked for when its turn comes.
    return rest.length === 0 ? beginning : ByteStream.begin(oneAfterAnother(beginning, rest, one), signal);
  }

  private one(
    question: RetrievalQuestion,
    signal: AbortSignal | undefined,
    waits: Waits | undefined,
  ): Promise<ByteStream> {
    return this.background.open("retrieve", question, { signal }, (waited) => {
      if (waited !== undefined) waits?.add(waited as Waits["ms"]);
    });
  }
}

async function* oneAfterAnother(
  beginning: ByteStream,
  rest: readonly FileRange[],
  open: (file: FileRange) => Promise<ByteStream>,
): AsyncGenerator<Uint8Array, void> {
  yield* beginning;
  for (const file of rest) yield* await open(file);
}
