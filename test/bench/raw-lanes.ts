import { randomFillSync } from "node:crypto";
import { rawHead, readRaw, type RawRequest } from "./raw-reader.js";

export type Method = "PUT" | "GET" | "HEAD" | "DELETE";

/** One kind of request, over and over. */
export interface RawWork {
  readonly method: Method;
  /** Of each object, bytes. */
  readonly size: number;
  /** Connections, each with one request after another. */
  readonly clients: number;
  readonly requests: number;
}

/** The requests of each client, to objects of the bucket `bench` that others of the same size and round name alike. */
export function lanesOf({ method, size, clients, requests }: RawWork, round: string | number, port: number) {
  const host = `127.0.0.1:${port}`;
  const body = method === "PUT" ? randomFillSync(Buffer.alloc(size)) : undefined;
  return Array.from({ length: clients }, (_, lane) =>
    Array.from({ length: requests / clients }, (__, n): RawRequest => {
      const head = rawHead(method, `/bench/${size}-${round}-${lane}-${n}`, host, {}, body?.length);
      return body ? [head, body] : [head];
    }),
  );
}

/** Sends what `lanesOf` made. `times` gets the milliseconds of each. */
export async function sendLanes(
  lanes: readonly (readonly RawRequest[])[],
  { method, size }: Pick<RawWork, "method" | "size">,
  port: number,
  times?: number[],
): Promise<void> {
  await Promise.all(lanes.map((requests) => readRaw(port, requests, method === "GET" ? size : 0, times)));
}
