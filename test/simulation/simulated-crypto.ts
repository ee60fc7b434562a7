import { machine } from "./machine.js";

/** In the place of node:crypto where ids are drawn: the same seed draws the same ids. */
export function randomBytes(count: number): Buffer {
  const { random } = machine();
  return Buffer.from(Array.from({ length: count }, () => Math.floor(random() * 256)));
}

export function randomUUID(): string {
  return randomBytes(16).toString("hex");
}
