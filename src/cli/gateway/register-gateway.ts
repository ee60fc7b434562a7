import { backoffMs } from "../../async/backoff.js";
import { pause } from "../../async/timer.js";
import { AdminRefusal, json, type AdminRoute } from "../../admin/admin-server.js";
import type { Clock } from "../../model/clock.js";
import { ChainUnavailable } from "../../network/chain/chain.js";
import type { CessChain } from "../../network/chain/chain-client.js";
import type { RegistrationAnswer } from "../admin-answers.js";
import { registrationRequest } from "../registration-request.js";

/** Waits between attempts at the start, ms. */
const RETRY = { minMs: 10_000, maxMs: 600_000 };

export interface RegisterGatewayComponents {
  readonly chain: Pick<CessChain, "account" | "registration">;
  readonly clock: Clock;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/** Keeps this gateway in the chain's list of gateways, as operators want it: one change at a time. */
export class RegisterGateway {
  private readonly closing = new AbortController();
  private running: { readonly endpoint: string | undefined; readonly work: Promise<void> } | undefined;
  /** Of the last change. */
  private failure: string | undefined;

  constructor(private readonly components: RegisterGatewayComponents) {}

  /** Registers this address, however often that must be tried. */
  start(endpoint: string): void {
    void this.keepTrying(endpoint).catch(() => undefined);
  }

  routes(): AdminRoute[] {
    return [
      {
        method: "GET",
        path: /^\/registration$/,
        run: async (_groups, _body, query) => json(await this.view(query.get("endpoint") ?? undefined)),
      },
      {
        method: "POST",
        path: /^\/registration$/,
        run: async (_groups, body) => {
          const parsed = registrationRequest.safeParse(body);
          if (!parsed.success)
            throw new AdminRefusal(400, parsed.error.issues[0]?.message ?? "the request cannot be read");
          const endpoint = parsed.data.endpoint ?? undefined;
          const view = await this.view(endpoint);
          if (this.running) throw new AdminRefusal(409, "the registration is being changed already");
          if (view.call === undefined) return json(view);
          void this.change(endpoint);
          return json({ ...view, running: true }, 202);
        },
      },
    ];
  }

  async close(): Promise<void> {
    this.closing.abort(new DOMException("the gateway is closing", "AbortError"));
    await this.running?.work;
  }

  /** What there is, and what it would cost to have `endpoint` there, or nothing. */
  private async view(endpoint: string | undefined): Promise<RegistrationAnswer> {
    const { chain } = this.components;
    try {
      const { registered, call, fee } = await chain.registration.plan(endpoint);
      const running = this.running !== undefined;
      return { account: chain.account, registered, call, feeTokens: fee, running, failure: this.failure };
    } catch (error) {
      if (error instanceof RangeError) throw new AdminRefusal(400, error.message);
      if (error instanceof ChainUnavailable) throw new AdminRefusal(503, `the chain cannot be asked: ${error.message}`);
      throw error;
    }
  }

  /** Never rejects. */
  private change(endpoint: string | undefined): Promise<void> {
    const { chain, log } = this.components;
    this.failure = undefined;
    const work = chain.registration
      .set(endpoint, { signal: this.closing.signal })
      .then(
        ({ call }) => log.info({ endpoint, call }, "the chain's list of gateways is as wanted"),
        (error: unknown) => {
          this.failure = error instanceof Error ? error.message : String(error);
          if (!this.closing.signal.aborted)
            log.warn({ endpoint, err: error }, "this gateway could not be registered on the chain");
        },
      )
      .finally(() => (this.running = undefined));
    this.running = { endpoint, work };
    return work;
  }

  private async keepTrying(endpoint: string): Promise<void> {
    for (let failures = 1; ; failures++) {
      if (this.running) await this.running.work;
      await this.change(endpoint);
      if (this.failure === undefined) return;
      await pause(this.components.clock, backoffMs(RETRY, failures), [this.closing.signal]);
    }
  }
}
