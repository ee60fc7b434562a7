import type { ServerResponse } from "node:http";
import type { Client } from "../gateway/gateway.js";

/** Who sent a request and waits for its answer. */
export class RequestClient implements Client {
  private readonly response: ServerResponse;
  private controller: AbortController | undefined;
  private gone = false;

  constructor(response: ServerResponse) {
    this.response = response;
    response.once("close", () => this.closed());
  }

  /** Whether its connection ended before the answer did. */
  get isGone(): boolean {
    return this.gone;
  }

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.gone) this.abort();
    }
    return this.controller.signal;
  }

  private closed(): void {
    if (this.response.writableFinished) return;
    this.gone = true;
    this.abort();
  }

  private abort(): void {
    this.controller?.abort(new Error("the client is gone"));
  }
}
