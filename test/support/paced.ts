import { setTimeout as sleep } from "node:timers/promises";

/** `one` again and again until it is `over`: by so many clients at a time, all together at most `rate` times a second. */
export async function paced(
  { clients, rate, over }: { readonly clients: number; readonly rate: number; readonly over: () => boolean },
  one: () => Promise<unknown>,
): Promise<void> {
  const lane = async () => {
    while (!over()) {
      const began = performance.now();
      await one();
      await sleep(Math.max(0, (clients * 1000) / rate - (performance.now() - began)));
    }
  };
  await Promise.all(Array.from({ length: clients }, lane));
}
