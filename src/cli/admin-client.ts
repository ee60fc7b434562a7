import { request } from "undici";
import type { z } from "zod";
import { loadAdminConfig } from "../config/load.js";
import { AdminError } from "./admin-error.js";
import { localAddress } from "./listen.js";

/** How long an answer may take, ms. */
const TIMEOUT_MS = 60_000;

/** What a command was told about the gateway that it is to ask. */
export interface AdminOptions {
  /** URL of the admin listener; by default the configuration's. */
  readonly admin?: string;
  /** The configuration file; by default CESS_S3_CONFIG, and the environment's variables alone. */
  readonly config?: string;
}

/** Asks the admin listener of a running gateway, for the commands. */
export class AdminClient {
  private constructor(private readonly base: string) {}

  /** Throws ConfigError. */
  static open({ admin, config }: AdminOptions): AdminClient {
    if (admin !== undefined) return new AdminClient(admin.replace(/\/+$/, ""));
    return new AdminClient(`http://${localAddress(loadAdminConfig(config).adminListen)}`);
  }

  get<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>> {
    return this.ask("GET", path, undefined, schema);
  }

  post<T extends z.ZodType>(path: string, body: unknown, schema: T): Promise<z.output<T>> {
    return this.ask("POST", path, body, schema);
  }

  delete<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>> {
    return this.ask("DELETE", path, undefined, schema);
  }

  /** Throws AdminError: with the gateway's words when it refused. */
  private async ask<T extends z.ZodType>(method: string, path: string, body: unknown, schema: T): Promise<z.output<T>> {
    const answer = await request(`${this.base}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    }).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new AdminError(
        `no gateway answers at ${this.base} (${why}): is it running, and is this its admin listener? --admin names another one`,
        0,
        { cause },
      );
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new AdminError(text.trim() || `status ${answer.statusCode}`, answer.statusCode);
    return schema.parse(JSON.parse(text));
  }
}
