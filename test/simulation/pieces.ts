import { FRAGMENT_SIZE } from "../../src/model/sizes.js";
import type { Owner } from "./scheduler.js";

/** Bytes as they come over a connection; they stop coming when the gateway dies. */
export async function* pieces(owner: Owner, bytes: Buffer, random: () => number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length;) {
    const end = start + 1 + Math.floor(random() * 2 * FRAGMENT_SIZE);
    await owner.sleep(30 * random() ** 3);
    yield bytes.subarray(start, end);
    start = end;
  }
}
