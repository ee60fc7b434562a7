import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { writeAll } from "../../src/blobs/write-all.js";
import { bodyChunks } from "../../src/streams/chunk-pool.js";
import { fileChunks } from "../../src/streams/file-chunks.js";
import { inPieces } from "../../src/streams/in-pieces.js";
import { ExpectedPieces, PIECE_BYTES, PieceChecksummer } from "../../src/streams/piece-checksums.js";

/**
 * What Node.js itself needs to keep large bodies in files: a bare HTTP server that writes each into a new file, with MD5 and
 * CRC-32, and syncs it; and that reads, checks and sends it again. Neither signatures, nor names, nor anything that another
 * client would wait for: MD5 is computed on the event loop. Listens on loopback at the port, and writes to the folder, that
 * are given.
 */
const [port, folder = "."] = process.argv.slice(2);
const stored = new Map<string, { readonly path: string; readonly length: number; readonly expected: ExpectedPieces }>();
let files = 0;

async function put(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = join(folder, String(files++));
  const file = await open(path, "wx");
  const [md5, checksummer, memory] = [createHash("md5"), new PieceChecksummer(), bodyChunks.take()];
  let length = 0;
  for await (const piece of inPieces(request, memory.length, memory)) {
    md5.update(piece);
    checksummer.update(piece);
    await writeAll(file, piece, length);
    length += piece.length;
  }
  bodyChunks.giveBack(memory);
  await file.datasync();
  await file.close();
  const { list, ...checksummed } = checksummer.finish();
  stored.set(request.url ?? "", { path, length, expected: ExpectedPieces.of(checksummed, list)! });
  response.writeHead(200, ["ETag", `"${md5.digest("hex")}"`, "Content-Length", "0"]).end();
}

async function get(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const found = stored.get(request.url ?? "");
  if (!found) return void response.writeHead(404).end();
  const { path, length, expected } = found;
  response.writeHead(200, ["Content-Length", String(length)]);
  let at = 0;
  for await (const chunk of fileChunks(path)) {
    if (expected.firstWrong(at / PIECE_BYTES, chunk) !== undefined) throw new Error(`${path} has other bytes`);
    at += chunk.length;
    await new Promise((resolve) => response.write(chunk, resolve));
    bodyChunks.giveBack(chunk);
  }
  response.end();
}

createServer((request, response) => {
  (request.method === "PUT" ? put : get)(request, response).catch(() => response.destroy());
}).listen(Number(port), "127.0.0.1");
