import { z } from "zod";
import type { AdminClient } from "../admin-client.js";

const holdSchema = z.object({ hold: z.string(), seconds: z.number() });

/** Keeps a running gateway from removing staged blobs while a backup reads them. */
export class RemoteHold {
  private failure: unknown;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly gateway: AdminClient,
    private readonly hold: string,
    seconds: number,
  ) {
    this.timer = setInterval(() => void this.extend(), (seconds * 1000) / 4);
  }

  /** `reason`: what it is for, for the gateway's audit log. */
  static async take(gateway: AdminClient, reason: object): Promise<RemoteHold> {
    const { hold, seconds } = await gateway.post("/blob-holds", reason, holdSchema);
    return new RemoteHold(gateway, hold, seconds);
  }

  /** Throws when the gateway may have removed something since the hold was taken: it ended, or did not answer. */
  requireHeld(): void {
    if (this.failure !== undefined)
      throw new Error("the gateway did not keep the staged bytes in place: it ended, or did not answer. Try again", {
        cause: this.failure,
      });
  }

  async release(): Promise<void> {
    clearInterval(this.timer);
    // It ends by itself.
    await this.gateway.post(`/blob-holds/${this.hold}/release`, undefined, z.unknown()).catch(() => undefined);
  }

  private async extend(): Promise<void> {
    await this.gateway.post(`/blob-holds/${this.hold}`, undefined, holdSchema).catch((error: unknown) => {
      this.failure ??= error;
    });
  }
}
