import { createHash, createHmac } from "node:crypto";
import { createServer } from "node:http";

/**
 * What Node.js itself needs to answer: a bare HTTP server that computes one HMAC for each request and the MD5 of a body, and
 * keeps bodies in memory. Listens on loopback at the port that is given.
 */
const bodies = new Map<string, readonly Buffer[]>();
const key = "k".repeat(32);

createServer((request, response) => {
  const { method = "GET", url = "/" } = request;
  const signature = createHmac("sha256", key).update(`${method}\n${url}`).digest("hex");
  response.setHeader("x-amz-request-id", signature.slice(0, 16));
  if (method === "PUT") {
    const md5 = createHash("md5");
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => {
      md5.update(chunk);
      chunks.push(chunk);
    });
    request.on("end", () => {
      bodies.set(url, chunks);
      response.setHeader("ETag", `"${md5.digest("hex")}"`);
      response.setHeader("Content-Length", 0);
      response.end();
    });
    return;
  }
  const body = bodies.get(url) ?? [];
  if (method === "DELETE") {
    bodies.delete(url);
    response.statusCode = 204;
    response.end();
    return;
  }
  response.setHeader(
    "Content-Length",
    body.reduce((sum, chunk) => sum + chunk.length, 0),
  );
  if (method !== "HEAD") for (const chunk of body) response.write(chunk);
  response.end();
}).listen(Number(process.argv[2]), "127.0.0.1");
