import { randomFillSync } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { MIB } from "../../src/model/sizes.js";
import { inParallel } from "./bench-client.js";
import type { Figure } from "./figure.js";
import { GatewayUnderTest } from "./gateway-under-test.js";

const SIZE = 64 * MIB;
const UPLOADS = 64;
const READERS = 200;
/** A slow reader's answer is paused after what the sockets hold; then it takes this much from time to time. */
const SIP_MS = 200;
const LIMIT_MIB = 600;
const SAMPLE_MS = 50;

/** A reader that takes a little, waits, and takes a little more, until told to leave. */
async function sip(answer: IncomingMessage, left: AbortSignal): Promise<void> {
  answer.on("error", () => undefined);
  while (!left.aborted) {
    answer.read(16 * 1024);
    await new Promise((resolve) => setTimeout(resolve, SIP_MS));
  }
  answer.destroy();
}

/** Resident memory of the gateway's process with 64 uploads of 64 MiB at once and 200 slow readers. About 30 s. */
export async function benchMemory(): Promise<Figure[]> {
  const gateway = await GatewayUnderTest.start();
  const bytes = randomFillSync(Buffer.allocUnsafe(SIZE));
  const leave = new AbortController();
  let most = 0;
  const look = async () => {
    most = Math.max(most, (await gateway.usage()).rssMib);
  };
  try {
    await gateway.client.send({ method: "PUT", path: "/bench" });
    await gateway.client.send({ method: "PUT", path: "/bench/read", body: bytes });
    const idle = (await gateway.usage()).rssMib;
    const answers = await Promise.all(
      Array.from({ length: READERS }, () => gateway.client.open({ method: "GET", path: "/bench/read" })),
    );
    const readers = Promise.all(answers.map((answer) => sip(answer, leave.signal)));
    const sampler = setInterval(() => void look(), SAMPLE_MS);
    await inParallel(UPLOADS, UPLOADS, (n) => gateway.client.send({ method: "PUT", path: `/bench/${n}`, body: bytes }));
    clearInterval(sampler);
    await look();
    leave.abort();
    await readers;
    return [
      {
        what: `memory, ${UPLOADS} uploads of 64 MiB and ${READERS} slow readers`,
        ours: { value: most, unit: "MiB" },
        reference: { what: "limit", value: LIMIT_MIB, unit: "MiB" },
        wanted: { atMost: 1 },
      },
      {
        what: "memory of the same",
        ours: { value: most, unit: "MiB" },
        reference: { what: "idle", value: idle, unit: "MiB" },
      },
    ];
  } finally {
    await gateway.close();
  }
}
