import { connect } from "node:net";

/** One buffer for every connection: the bytes are counted, not looked at. */
const BUFFER = Buffer.alloc(1024 * 1024);

/**
 * GETs sent one after another on one connection, each given whole as text; resolves when `bodyBytes` of body have come
 * for each. Counts bytes instead of parsing, so that the client costs as little as a client can.
 */
export function readRaw(port: number, requests: readonly string[], bodyBytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let at = 0;
    let head = "";
    let left = 0;
    const next = () => {
      const request = requests[at++];
      if (request === undefined) {
        socket.destroy();
        resolve();
        return;
      }
      head = "";
      left = -1;
      socket.write(request);
    };
    const take = (length: number): boolean => {
      let body = length;
      if (left < 0) {
        head += BUFFER.toString("latin1", 0, length);
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return true;
        if (!head.startsWith("HTTP/1.1 20")) socket.destroy(new Error(head.slice(0, 300)));
        body = head.length - end - 4;
        left = bodyBytes;
      }
      left -= body;
      if (left === 0) next();
      return true;
    };
    const socket = connect({ port, host: "127.0.0.1", onread: { buffer: BUFFER, callback: take } }, next);
    socket.once("error", reject);
  });
}
