import type { TLSSocket } from "node:tls";
import { Agent, buildConnector, request } from "undici";
import type { z } from "zod";
import { secureListeners } from "../config/listener-settings.js";
import { environmentTokenFile, loadAdminConfig } from "../config/load.js";
import { ADMIN_TOKEN_FILE_VARIABLE } from "../config/variables.js";
import { AdminError } from "./admin-error.js";
import { readAdminToken } from "./gateway/admin-token.js";
import { localAddress } from "./listen.js";
import { readCertificate } from "./tls/key-pair.js";

/** How long an answer may take, ms. */
const TIMEOUT_MS = 60_000;

/** What a person may do about an answer's status. */
const HINTS: Readonly<Record<number, string>> = {
  401: "; --token-file, CESS_S3_ADMIN_TOKEN_FILE or the configuration names the file that it is read from",
};

/** What a command was told about the gateway that it is to ask. */
export interface AdminOptions {
  /** URL of the admin listener; by default the configuration's. */
  readonly admin?: string;
  /** The configuration file; by default CESS_S3_CONFIG, and the environment's variables alone. */
  readonly config?: string;
  /**
   * A file with the listener's token; by default that of CESS_S3_ADMIN_TOKEN_FILE, or the configuration file's, which is
   * sent to the configuration's address alone.
   */
  readonly tokenFile?: string;
}

interface Target {
  readonly base: string;
  readonly token: string | undefined;
  /** The gateway's own certificate, which is the one to expect; undefined: any that is valid for the host's name. */
  readonly fingerprint?: string;
}

/** Asks the admin listener of a running gateway, for the commands. */
export class AdminClient {
  private readonly dispatcher: Agent;

  private constructor(private readonly target: Target) {
    this.dispatcher = new Agent(target.fingerprint === undefined ? {} : { connect: pinned(target.fingerprint) });
  }

  /** Throws ConfigError. */
  static open({ admin, config, tokenFile }: AdminOptions): AdminClient {
    const given = tokenFile === undefined ? undefined : readAdminToken(tokenFile, "--token-file");
    if (admin !== undefined)
      return new AdminClient({ base: admin.replace(/\/+$/, ""), token: given ?? environmentToken() });
    const settings = loadAdminConfig(config);
    const address = localAddress(settings.adminListen);
    const file = settings.admin.tokenFile;
    const token = given ?? (file === undefined ? undefined : readAdminToken(file));
    const { certFile } = settings.tls;
    if (certFile === undefined || !secureListeners(settings).has("admin"))
      return new AdminClient({ base: `http://${address}`, token });
    const { fingerprint256: fingerprint } = readCertificate(certFile).certificate;
    return new AdminClient({ base: `https://${address}`, token, fingerprint });
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

  /** The answer to a GET, whatever its status. Throws AdminError when nothing answers. */
  peek(path: string): Promise<{ readonly status: number; readonly text: string }> {
    return this.send("GET", path, undefined);
  }

  /** Throws AdminError: with the gateway's words when it refused. */
  private async ask<T extends z.ZodType>(method: string, path: string, body: unknown, schema: T): Promise<z.output<T>> {
    const { status, text } = await this.send(method, path, body);
    if (status >= 300) throw new AdminError(`${text.trim() || `status ${status}`}${HINTS[status] ?? ""}`, status);
    return schema.parse(JSON.parse(text));
  }

  private async send(method: string, path: string, body: unknown): Promise<{ status: number; text: string }> {
    const { base, token } = this.target;
    try {
      const answer = await request(`${base}${path}`, {
        method,
        dispatcher: this.dispatcher,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      return { status: answer.statusCode, text: await answer.body.text() };
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new AdminError(
        `no gateway answers at ${base} (${why}): is it running, and is this its admin listener? --admin names another one`,
        0,
        { cause },
      );
    }
  }
}

/** The variable is an operator's own word, for whichever address was named. */
function environmentToken(): string | undefined {
  const file = environmentTokenFile();
  return file === undefined ? undefined : readAdminToken(file, ADMIN_TOKEN_FILE_VARIABLE);
}

/**
 * Connects to whoever proves to have the key of this certificate: on this machine it is asked for by an address that it
 * is not for. Nothing is sent before.
 */
function pinned(fingerprint: string): buildConnector.connector {
  // Without sessions: each connection shows the certificate.
  const connect = buildConnector({ rejectUnauthorized: false, maxCachedSessions: 0 });
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error) callback(error, null);
      else if ((socket as TLSSocket).getPeerCertificate().fingerprint256 === fingerprint) callback(null, socket);
      else {
        socket.destroy();
        callback(new Error("its certificate is not that of tls.certFile"), null);
      }
    });
}
