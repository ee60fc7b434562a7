/**
 * The source's chunks until the signal aborts, even while the source itself says nothing. A source that is left early
 * is told so (`return`) but not waited for: it may be the one that hangs.
 */
export async function* abortable(source: AsyncIterable<Uint8Array>, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  const chunks = source[Symbol.asyncIterator]();
  let interrupt: ((reason: Error) => void) | undefined;
  const onAbort = () => interrupt?.(signal?.reason as Error);
  signal?.addEventListener("abort", onAbort, { once: true });
  let ended = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      // A fresh promise for each chunk: racing against one that lives as long as the body would keep every chunk alive.
      ended = true;
      const chunk = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        interrupt = (reason) => {
          ended = false;
          reject(reason);
        };
        chunks.next().then(resolve, reject);
      });
      if (chunk.done === true) return;
      ended = false;
      yield chunk.value;
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    if (!ended) void Promise.resolve(chunks.return?.()).catch(() => undefined);
  }
}
