import { machine } from "./machine.js";

export { createCipheriv, createDecipheriv, createHash } from "node:crypto";

/** In the place of node:crypto where ids, data keys and nonces are drawn: the same seed draws the same ones. */
export function randomBytes(count: number): Buffer {
  const { random } = machine();
  return Buffer.from(Array.from({ length: count }, () => Math.floor(random() * 256)));
}

export function randomUUID(): string {
  return randomBytes(16).toString("hex");
}
