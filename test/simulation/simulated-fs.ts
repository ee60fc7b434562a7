import { machine } from "./machine.js";
import type { SimulatedFile } from "./simulated-disk.js";
import { act } from "./simulated-fs-promises.js";

/** In the place of node:fs where worker threads, and answers, read staged bytes. */
const opened = new Map<number, SimulatedFile>();
let next = 3;

export function openSync(path: string): number {
  opened.set(next, machine().disk.file(path));
  return next++;
}

export function readSync(file: number, target: Uint8Array, offset: number, length: number, position: number): number {
  return opened.get(file)!.bytes.copy(target, offset, position, position + length);
}

export function existsSync(path: string): boolean {
  return machine().disk.entry(path) !== undefined;
}

export function closeSync(file: number): void {
  opened.delete(file);
}

type Callback<T extends unknown[]> = (error: Error | null, ...result: T) => void;

export function open(path: string, _flags: string, callback: Callback<[number?]>): void {
  act(() => openSync(path)).then((file) => callback(null, file), callback);
}

export function read(
  file: number,
  target: Uint8Array,
  offset: number,
  length: number,
  position: number,
  callback: Callback<[number]>,
): void {
  act(() => readSync(file, target, offset, length, position)).then(
    (count) => callback(null, count),
    (error: unknown) => callback(error as Error, 0),
  );
}

export function fstat(file: number, callback: Callback<[{ size: number; mtimeMs: number }?]>): void {
  const { bytes, mtimeMs } = opened.get(file)!;
  queueMicrotask(() => callback(null, { size: bytes.length, mtimeMs }));
}

export function close(file: number, callback: Callback<[]>): void {
  closeSync(file);
  queueMicrotask(() => callback(null));
}
