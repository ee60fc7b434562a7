import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import { AdminRefusal } from "../../src/admin/admin-server.js";
import { Accounts } from "../../src/cli/gateway/accounts.js";
import { identityRoutes } from "../../src/cli/gateway/identity-routes.js";
import { identification } from "../../src/cli/gateway/sessions.js";
import type { AccountConfig } from "../../src/config/account.js";
import { accountSchema } from "../../src/config/account.js";
import { identitySchema } from "../../src/config/identity.js";
import { KeyRing } from "../../src/keys/key-ring.js";
import { GIB } from "../../src/model/sizes.js";
import { createS3App, type S3AppSettings } from "../../src/s3/app.js";
import type { RequestRates } from "../../src/s3/request-rates.js";
import type { z } from "zod";
import { TestGateway } from "./test-gateway.js";
import { testKeys } from "./test-keys.js";

export const addresses = {
  dev: "cXgweZ6x595nu1CzeYFj6c6KkGyt5UfRYTiibabmQqWutioBT",
  alt: "cXke35fh2X2eJAVcvuu6UgPbz1H8Mh2FSzMWgZ1j4MW6Epk2i",
  more: "cXfyomKDABfehLkvARFE854wgDJFMbsxwAJEHezRb6mfcAi2y",
} as const;

/** Keys as SDKs take them. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export const devKey: Credentials = { accessKeyId: "DEV", secretAccessKey: "devsecret" };
export const altKey: Credentials = { accessKeyId: "ALT", secretAccessKey: "altsecret" };

type AccountInput = z.input<typeof accountSchema>;

export const configured = (accounts: readonly AccountInput[]): AccountConfig[] =>
  accounts.map((each) => accountSchema.parse(each));

export const devAccount: AccountInput = {
  name: "dev",
  cessAccount: addresses.dev,
  territory: "home",
  ...devKey,
};
export const altAccount: AccountInput = { name: "alt", cessAccount: addresses.alt, territory: "home", ...altKey };

/** An S3 and STS endpoint over a real gateway, catalog, accounts and sessions, whose clock can be put forward. */
export class IdentityEndpoint {
  private readonly clients: { destroy(): void }[] = [];
  /** Milliseconds that the endpoint's clock, and that of its clients, is ahead of the machine's. */
  ahead = 0;

  private constructor(
    readonly fixture: TestGateway,
    readonly accounts: Accounts,
    private readonly routes: ReturnType<typeof identityRoutes>,
    private readonly server: Server,
  ) {}

  static async start(
    given: {
      readonly accounts?: readonly AccountInput[];
      readonly identity?: z.input<typeof identitySchema>;
      readonly masterKey?: Uint8Array;
      readonly settings?: Partial<S3AppSettings>;
      readonly rates?: RequestRates;
    } = {},
  ): Promise<IdentityEndpoint> {
    const fixture = await TestGateway.build();
    const keys =
      given.masterKey === undefined
        ? testKeys
        : new KeyRing({ master: [given.masterKey], kms: new Map(), ciphers: new Map() });
    const clock = {
      now: (): number => Date.now() + endpoint.ahead,
      sleep: () => Promise.reject(new Error("no sleep")),
    };
    const accounts = new Accounts(configured(given.accounts ?? [devAccount, altAccount]), keys);
    await accounts.load(fixture.catalog);
    for (const address of Object.values(addresses)) fixture.chain.addTerritory(address as never, "home", BigInt(GIB));
    const { catalog } = fixture;
    const routes = identityRoutes({ accounts, catalog, keys, clock });
    const identity = identitySchema.parse(given.identity ?? {});
    const { gateway } = fixture.gatewayWith({ accounts });
    const server = createS3App(
      {
        gateway,
        ...identification(identity, { accounts, sealer: keys, clock }),
        clock,
        logger: { error: (fields) => fixture.faults.push(fields) },
        ...(given.rates && { rates: given.rates }),
      },
      given.settings,
    );
    const endpoint = new IdentityEndpoint(fixture, accounts, routes, server);
    await once(server.listen(0, "127.0.0.1"), "listening");
    return endpoint;
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.fixture.close();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  s3(credentials: Credentials): S3Client {
    const client = new S3Client({ ...this.settings(credentials), forcePathStyle: true });
    this.clients.push(client);
    return client;
  }

  sts(credentials: Credentials): STSClient {
    const client = new STSClient(this.settings(credentials));
    this.clients.push(client);
    return client;
  }

  /** For clients of the SDK. */
  settings(credentials: Credentials) {
    return { endpoint: this.url, region: "us-east-1", maxAttempts: 1, credentials, systemClockOffset: this.ahead };
  }

  /** Asks a route as the admin listener does. */
  async admin(method: string, path: string, body?: unknown): Promise<unknown> {
    for (const route of this.routes) {
      const match = route.method === method ? route.path.exec(path) : null;
      if (match)
        return JSON.parse((await route.run(match.slice(1).map(decodeURIComponent), body, new URLSearchParams())).body);
    }
    throw new Error(`no route for ${method} ${path}`);
  }

  /** The message and status of the refusal that an act ends with. */
  async refusal(method: string, path: string, body?: unknown): Promise<string> {
    try {
      await this.admin(method, path, body);
    } catch (error) {
      if (error instanceof AdminRefusal) return `${error.status} ${error.message}`;
      throw error;
    }
    throw new Error(`${method} ${path} was done`);
  }
}

/** The code of the error that an SDK's call ends with. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return (error as { Code?: string }).Code ?? (error as Error).name;
  }
  throw new Error("the call succeeded");
}
