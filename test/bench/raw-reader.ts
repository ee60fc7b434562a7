import { connect, type Socket } from "node:net";
import { signedHeaders } from "./bench-client.js";

/** One buffer for every connection: the bytes are counted, not looked at. */
const BUFFER = Buffer.alloc(1024 * 1024);

/** A request in pieces as they go over the wire: large bodies are shared by many requests. */
export type RawRequest = readonly Buffer[];

/** The head of a request. `more`: headers that are not signed. `length`: of its body, bytes; undefined: it has none. */
export function rawHead(
  method: string,
  path: string,
  host: string,
  more: Readonly<Record<string, string>> = {},
  length?: number,
): Buffer {
  const headers = {
    ...signedHeaders(method, path, host),
    ...more,
    Host: host,
    ...(length === undefined ? {} : { "Content-Length": String(length) }),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1");
}

/** A request in one piece. */
export function rawRequest(
  method: string,
  path: string,
  host: string,
  more: Readonly<Record<string, string>> = {},
  body?: Buffer,
): Buffer {
  return Buffer.concat([rawHead(method, path, host, more, body?.length), body ?? Buffer.alloc(0)]);
}

/**
 * Requests sent one after another on one connection, or on a new one after an answer that closes it; resolves when `bodyBytes`
 * of body have come for each. Counts bytes instead of parsing, so that the client costs as little as a client can. `times`
 * gets the milliseconds of each.
 */
export function readRaw(
  port: number,
  requests: readonly (string | Buffer | RawRequest)[],
  bodyBytes: number,
  times?: number[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    let at = 0;
    let sentAt = 0;
    let head = "";
    let left = 0;
    let socket: Socket | undefined;
    const open = (then: () => void) => {
      // With Nagle's algorithm a body that follows its head would wait for the server's delayed acknowledgement: 40 ms.
      const options = { port, host: "127.0.0.1", noDelay: true, onread: { buffer: BUFFER, callback: take } };
      socket = connect(options, then);
      // One may be followed by another: of what is written after the server has closed.
      socket.on("error", reject);
    };
    const next = () => {
      const request = requests[at++];
      if (request === undefined) {
        socket?.destroy();
        resolve();
        return;
      }
      const send = () => {
        left = -1;
        sentAt = performance.now();
        if (typeof request === "string" || Buffer.isBuffer(request)) socket?.write(request);
        else for (const piece of request) socket?.write(piece);
      };
      const closes = /^connection: close/im.test(head);
      head = "";
      if (!closes) {
        send();
        return;
      }
      socket?.destroy();
      open(send);
    };
    const take = (length: number): boolean => {
      let body = length;
      if (left < 0) {
        head += BUFFER.toString("latin1", 0, length);
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return true;
        if (!head.startsWith("HTTP/1.1 20")) socket?.destroy(new Error(head.slice(0, 300)));
        body = head.length - end - 4;
        left = bodyBytes;
      }
      left -= body;
      if (left === 0) {
        times?.push(performance.now() - sentAt);
        next();
      }
      return true;
    };
    open(next);
  });
}

/** Requests on one connection, each made of the answer to the one before, heads included, until `next` makes none. */
export function converse(port: number, first: Buffer, next: (answer: Buffer) => Buffer | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let left = -1;
    const socket = connect(port, "127.0.0.1", () => socket.write(first));
    socket.once("error", reject);
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      if (left < 0) {
        const head = chunk.toString("latin1", 0, chunk.indexOf("\r\n\r\n"));
        if (!head.startsWith("HTTP/1.1 20")) socket.destroy(new Error(head));
        left = head.length + 4 + Number(/^content-length: (\d+)/im.exec(head)?.[1]);
      }
      left -= chunk.length;
      if (left > 0) return;
      const request = next(Buffer.concat(chunks));
      chunks = [];
      left = -1;
      if (request) socket.write(request);
      else {
        socket.destroy();
        resolve();
      }
    });
  });
}
