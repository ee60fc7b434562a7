import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What a token may do with the paths below the mount, in the words of Vault's policies. */
export type Policy = Readonly<
  Partial<Record<"encrypt" | "decrypt" | "keys", readonly ("create" | "update" | "read")[]>>
>;

export interface TransitSettings {
  readonly mount?: string;
  readonly namespace?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
}

interface TransitKey {
  readonly type: string;
  readonly derived: boolean;
  /** From version 1 on. */
  readonly versions: Buffer[];
  minDecryption: number;
  softDeleted: boolean;
}

interface Answer {
  readonly status: number;
  readonly data?: object;
  readonly errors?: readonly string[];
}

type Body = Readonly<Record<string, unknown>>;

const refuse = (status: number, ...errors: string[]): Answer => ({ status, errors });
const denied = refuse(403, "1 error occurred:\n\t* permission denied\n\n");

/**
 * The part of Vault's transit engine that the gateway uses and its tests need, with real AES-GCM: as its HTTP API is
 * documented, and as OpenBao 2.7 answers it, against which vault-keys.test.ts runs as well.
 */
export class TransitServer {
  readonly address: string;
  private readonly keys = new Map<string, TransitKey>();
  private readonly tokens = new Map<string, Policy>();
  /** Requests so far, by what is done. */
  readonly asked: Record<string, number> = {};

  private constructor(
    private readonly server: Server,
    private readonly settings: TransitSettings,
  ) {
    this.address = `${settings.tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      void this.serve(request).then(({ status, data, errors }) => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ data, errors }));
      });
    });
  }

  static async start(settings: TransitSettings = {}): Promise<TransitServer> {
    const server = settings.tls ? createSecureServer(settings.tls) : createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new TransitServer(server, settings);
  }

  token(policy: Policy): Promise<string> {
    const token = randomBytes(12).toString("hex");
    this.tokens.set(token, policy);
    return Promise.resolve(token);
  }

  create(
    name: string,
    { type = "aes256-gcm96", derived = false }: { readonly type?: string; readonly derived?: boolean } = {},
  ): Promise<void> {
    this.keys.set(name, { type, derived, versions: [randomBytes(32)], minDecryption: 1, softDeleted: false });
    return Promise.resolve();
  }

  rotate(name: string): Promise<void> {
    this.keys.get(name)!.versions.push(randomBytes(32));
    return Promise.resolve();
  }

  requireVersion(name: string, least: number): Promise<void> {
    this.keys.get(name)!.minDecryption = least;
    return Promise.resolve();
  }

  softDelete(name: string): Promise<void> {
    this.keys.get(name)!.softDeleted = true;
    return Promise.resolve();
  }

  has(name: string): Promise<boolean> {
    return Promise.resolve(this.keys.has(name));
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async serve(request: IncomingMessage): Promise<Answer> {
    const body = JSON.parse((await text(request)) || "{}") as Body;
    const { mount = "transit", namespace } = this.settings;
    const [, under, verb = "", name = ""] =
      new RegExp(`^/v1/(${mount})/(encrypt|decrypt|keys)/([^/]+)$`).exec(request.url ?? "") ?? [];
    if (under === undefined || request.headers["x-vault-namespace"] !== namespace)
      return refuse(404, `no handler for route "${request.url ?? ""}". route entry not found.`);
    this.asked[verb] = (this.asked[verb] ?? 0) + 1;
    const policy = this.tokens.get(String(request.headers["x-vault-token"]));
    if (!policy) return refuse(403, "permission denied");
    const key = this.keys.get(name);
    const capability = verb === "keys" ? "read" : verb === "encrypt" && !key ? "create" : "update";
    if (policy[verb as keyof Policy]?.includes(capability) !== true) return denied;
    if (verb === "keys")
      return key ? { status: 200, data: { name, type: key.type, latest_version: key.versions.length } } : refuse(404);
    if (key?.softDeleted === true) return refuse(400, "policy has been soft deleted and cannot be used: not found");
    if (verb === "decrypt") return key ? decrypt(key, body) : refuse(400, "encryption key not found");
    if (!key) await this.create(name);
    return encrypt(this.keys.get(name)!, body);
  }
}

function encrypt(key: TransitKey, { plaintext, context, associated_data }: Body): Answer {
  if (!key.type.includes("gcm") && associated_data !== "")
    return refuse(400, `'[0].associated_data' provided for non-AEAD cipher suite ${key.type}`);
  if (key.derived && context === undefined)
    return refuse(400, "missing 'context' for key derivation; the key was created using a derived key");
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", versionOf(key, key.versions.length, context), nonce).setAAD(
    bytes(associated_data),
  );
  const sealed = Buffer.concat([nonce, cipher.update(bytes(plaintext)), cipher.final(), cipher.getAuthTag()]);
  return {
    status: 200,
    data: {
      ciphertext: `vault:v${key.versions.length}:${sealed.toString("base64")}`,
      key_version: key.versions.length,
    },
  };
}

function decrypt(key: TransitKey, { ciphertext, context, associated_data }: Body): Answer {
  const [, version = "", sealed = ""] = /^vault:v(\d+):(.+)$/.exec(String(ciphertext)) ?? [];
  if (version === "") return refuse(400, "invalid ciphertext: no prefix");
  if (Number(version) > key.versions.length) return refuse(400, "invalid ciphertext: version is too new");
  if (Number(version) < key.minDecryption)
    return refuse(400, "ciphertext or signature version is disallowed by policy (too old)");
  const opened = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv("aes-256-gcm", versionOf(key, Number(version), context), opened.subarray(0, 12))
    .setAAD(bytes(associated_data))
    .setAuthTag(opened.subarray(-16));
  try {
    return {
      status: 200,
      data: {
        plaintext: Buffer.concat([decipher.update(opened.subarray(12, -16)), decipher.final()]).toString("base64"),
      },
    };
  } catch {
    return refuse(400, "cipher: message authentication failed");
  }
}

function versionOf({ versions, derived }: TransitKey, version: number, context: unknown): Buffer {
  const key = versions[version - 1]!;
  return derived ? Buffer.from(hkdfSync("sha256", key, Buffer.alloc(0), bytes(context), 32)) : key;
}

function bytes(base64: unknown): Buffer {
  return Buffer.from(typeof base64 === "string" ? base64 : "", "base64");
}
