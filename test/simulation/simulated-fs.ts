import { machine } from "./machine.js";
import type { SimulatedFile } from "./simulated-disk.js";

/** In the place of node:fs where worker threads read staged bytes. */
const opened = new Map<number, SimulatedFile>();
let next = 3;

export function openSync(path: string): number {
  opened.set(next, machine().disk.file(path));
  return next++;
}

export function readSync(file: number, target: Uint8Array, offset: number, length: number, position: number): number {
  return opened.get(file)!.bytes.copy(target, offset, position, position + length);
}

export function closeSync(file: number): void {
  opened.delete(file);
}
