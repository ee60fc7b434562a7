import { expect } from "chai";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { KeyRing } from "../../../src/keys/key-ring.js";
import { VaultKeys, type VaultSettings } from "../../../src/keys/vault-keys.js";
import { DomainError } from "../../../src/model/errors.js";
import { loopbackCertificate } from "../../support/loopback-certificate.js";
import { OpenBao } from "../../support/openbao.js";
import { TransitServer, type Policy } from "../../support/transit-server.js";

const secret = "5e".repeat(32);
const USER: Policy = { encrypt: ["update"], decrypt: ["update"], keys: ["read"] };
const OWNER: Policy = { ...USER, encrypt: ["create", "update"] };

const outcome = (work: Promise<unknown>) =>
  work.then(
    (value) => value,
    (error: unknown) => error as Error,
  );
async function refused(kind: string, work: Promise<unknown>): Promise<DomainError> {
  const error = await outcome(work);
  expect(error).to.be.instanceOf(DomainError).with.property("kind", kind);
  return error as DomainError;
}

/** With TEST_VAULT and TEST_VAULT_TOKEN, these run against that server. */
const { TEST_VAULT: real, TEST_VAULT_TOKEN: root = "" } = process.env;
const startServer = () =>
  real === undefined ? TransitServer.start({ mount: "kms/transit" }) : OpenBao.start(real, root);

describe("VaultKeys", () => {
  let server: TransitServer | OpenBao;
  let token: string;
  const warnings: object[] = [];
  const opened: VaultKeys[] = [];
  const keysAt = (address: string, settings: Partial<VaultSettings> = {}) => {
    const keys = new VaultKeys(
      { token: () => Promise.resolve(token), log: { warn: (fields) => warnings.push(fields) } },
      { address, rememberedMs: 1, ...settings },
    );
    opened.push(keys);
    return keys;
  };
  const keysOf = (settings: Partial<VaultSettings> = {}) =>
    keysAt(server.address, { mount: server instanceof OpenBao ? server.mount : "kms/transit", ...settings });

  beforeEach(async () => {
    server = await startServer();
    token = await server.token(USER);
    await server.create("payroll");
    warnings.length = 0;
  });
  afterEach(async () => {
    for (const keys of opened.splice(0)) await keys.close();
    await server.close();
  });

  it("wraps and unwraps with a key, for one purpose only", async () => {
    const keys = keysOf();
    const wrapped = await keys.wrap(secret, "payroll", "one");
    expect(wrapped)
      .to.match(/^vault:v1:/)
      .and.not.equal(await keys.wrap(secret, "payroll", "one"));
    expect(await keys.unwrap(wrapped, "payroll", "one")).to.equal(secret);
    expect(await outcome(keys.unwrap(wrapped, "payroll", "two")))
      .to.be.instanceOf(Error)
      .with.property("name", "Error");
    expect(await outcome(keys.unwrap(`${wrapped.slice(0, -6)}AAAAA=`, "payroll", "one")))
      .to.be.instanceOf(Error)
      .with.property("name", "Error");
  });

  it("takes keys that are derived, and aws/s3 under a name without a slash", async () => {
    await server.create("derived", { derived: true });
    await server.create("aws-s3");
    const keys = keysOf();
    for (const name of ["derived", "aws/s3"]) {
      const wrapped = await keys.wrap(secret, name, "one");
      expect(await keys.unwrap(wrapped, name, "one")).to.equal(secret);
      expect(await outcome(keys.unwrap(wrapped, name, "two")), name)
        .to.be.instanceOf(Error)
        .with.property("name", "Error");
    }
  });

  it("opens with older versions after a rotation, until these are disabled", async () => {
    const keys = keysOf();
    const old = await keys.wrap(secret, "payroll", "");
    await server.rotate("payroll");
    const fresh = await keys.wrap(secret, "payroll", "");
    expect(fresh).to.match(/^vault:v2:/);
    for (const wrapped of [old, fresh]) expect(await keys.unwrap(wrapped, "payroll", "")).to.equal(secret);
    await server.requireVersion("payroll", 2);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await refused("kmsKeyDisabled", keys.unwrap(old, "payroll", ""));
    expect(await keys.unwrap(fresh, "payroll", "")).to.equal(secret);
  });

  it("throws noKmsKey for a key that is not there, and never makes one", async () => {
    token = await server.token(OWNER);
    for (const name of ["misspelt", "..", "a?b", "a b", ".hidden", "x".repeat(200), ""])
      await refused("noKmsKey", keysOf().wrap(secret, name, ""));
    expect(await server.has("misspelt")).to.equal(false);
    await refused("noKmsKey", keysOf().unwrap("vault:v1:AAAA", "misspelt", ""));
  });

  it("says KMS.DisabledException of a deleted key that may come back", async () => {
    const wrapped = await keysOf().wrap(secret, "payroll", "");
    await server.softDelete("payroll");
    await refused("kmsKeyDisabled", keysOf().unwrap(wrapped, "payroll", ""));
    await refused("kmsKeyDisabled", keysOf().wrap(secret, "payroll", ""));
  });

  it("says KMS.InvalidKeyUsageException of a key that proves nothing", async () => {
    await server.create("pair", { type: "rsa-2048" });
    await refused("kmsKeyUnsuitable", keysOf().wrap(secret, "pair", "one"));
  });

  it("says AccessDenied where its token may not use the key, and tells the log why", async () => {
    const wrapped = await keysOf().wrap(secret, "payroll", "");
    token = await server.token({ encrypt: ["update"] });
    expect(await keysOf().wrap(secret, "payroll", ""), "without looking at keys it can do what it may").to.match(
      /^vault:v1:/,
    );
    await refused("kmsKeyForbidden", keysOf().wrap(secret, "misspelt", ""));
    await refused("kmsKeyForbidden", keysOf().unwrap(wrapped, "payroll", ""));
    token = "of nobody";
    await refused("kmsKeyForbidden", keysOf().wrap(secret, "payroll", ""));
    expect(warnings.length).to.equal(3);
  });

  it("takes a token that was changed at the next request", async () => {
    const keys = keysOf();
    const good = token;
    token = "expired";
    await refused("kmsKeyForbidden", keys.wrap(secret, "payroll", ""));
    token = good;
    expect(await keys.wrap(secret, "payroll", "")).to.match(/^vault:v1:/);
  });

  it("serve the key ring for names that the key file does not have", async () => {
    const vault = keysOf();
    const ring = (kms: ReadonlyMap<string, Uint8Array[]>, at?: VaultKeys) =>
      new KeyRing({ master: [Buffer.alloc(32, 1)], kms, ciphers: new Map() }, at);
    const both = ring(new Map([["local", [Buffer.alloc(32, 2)]]]), vault);
    const [here, there] = [
      { kind: "kms", keyId: "local" },
      { kind: "kms", keyId: "arn:aws:kms:us-east-1:1:key/payroll" },
    ] as const;
    expect(await both.wrap(secret, here, "")).to.match(/^v1\./);
    const wrapped = await both.wrap(secret, there, "context");
    expect(wrapped).to.match(/^vault:v1:/);
    expect(await both.unwrap(wrapped, { kind: "kms", keyId: "alias/payroll" }, "context")).to.equal(secret);
    expect(await outcome(both.unwrap(wrapped, there, "other")), "the context is bound in")
      .to.be.instanceOf(Error)
      .with.property("name", "Error");
    expect([both.idOf(there), both.has("vault"), ring(new Map()).has("vault")]).to.deep.equal(["vault", true, false]);
    const taken = ring(new Map([["payroll", [Buffer.alloc(32, 2)]]]), vault);
    expect(await taken.unwrap(wrapped, there, "context"), "what Vault wrapped, it opens").to.equal(secret);
    expect(await outcome(ring(new Map()).unwrap(wrapped, there, "context")))
      .to.have.property("message")
      .that.contains("not configured any more");
  });
});

describe("VaultKeys, when all is not well", () => {
  let server: Server | undefined;
  const opened: VaultKeys[] = [];
  const warnings: object[] = [];
  const keysAt = (address: string, settings: Partial<VaultSettings> = {}) => {
    const keys = new VaultKeys(
      { token: () => Promise.resolve("t"), log: { warn: (fields) => warnings.push(fields) } },
      { address, timeoutMs: 60_000, ...settings },
    );
    opened.push(keys);
    return keys;
  };
  const serve = async (listener: RequestListener) => {
    server = createServer(listener);
    await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  afterEach(async () => {
    for (const keys of opened.splice(0)) await keys.close();
    server?.closeAllConnections();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
    server = undefined;
    warnings.length = 0;
  });

  it("says ServiceUnavailable, soon, of a server that is sealed, hangs, is not there, or is no Vault", async () => {
    const sealed = await serve((_, response) =>
      response.writeHead(503).end(JSON.stringify({ errors: ["Vault is sealed"] })),
    );
    await refused("dependencyUnavailable", keysAt(sealed).unwrap("vault:v1:AAAA", "payroll", ""));
    server!
      .removeAllListeners("request")
      .on("request", (_, response) => response.writeHead(200).end("<html>a proxy</html>"));
    await refused("dependencyUnavailable", keysAt(sealed).unwrap("vault:v1:AAAA", "payroll", ""));
    for (const answer of [
      null,
      7,
      { data: null },
      { data: "x", errors: "y" },
      { data: { plaintext: 7 }, errors: [7] },
    ]) {
      server!
        .removeAllListeners("request")
        .on("request", (_, response) => response.writeHead(200).end(JSON.stringify(answer)));
      await refused("dependencyUnavailable", keysAt(sealed).unwrap("vault:v1:AAAA", "payroll", ""));
    }
    server!.removeAllListeners("request");
    const began = Date.now();
    const impatient = keysAt(sealed, { timeoutMs: 500 });
    const error = await refused("dependencyUnavailable", impatient.unwrap("vault:v1:AAAA", "payroll", ""));
    expect(Date.now() - began).to.be.within(400, 20_000);
    expect(error.message).not.to.contain(sealed);
    await refused("dependencyUnavailable", keysAt("http://127.0.0.1:1").wrap(secret, "payroll", ""));
    expect(warnings.length).to.equal(9);
  });

  it("asks once more when a connection ends before an answer", async () => {
    let requests = 0;
    const address = await serve((request, response) => {
      if (++requests === 1) request.socket.destroy();
      else response.end(JSON.stringify({ data: { plaintext: Buffer.from(secret).toString("base64") } }));
    });
    expect(await keysAt(address).unwrap("vault:v1:AAAA", "payroll", "")).to.equal(secret);
    expect(requests).to.equal(2);
  });

  it("asks once for a data key that many readers want, and again after a while or a failure", async () => {
    let requests = 0;
    const address = await serve((_, response) => {
      requests++;
      if (requests === 1) response.writeHead(503).end("{}");
      else response.end(JSON.stringify({ data: { plaintext: Buffer.from(secret).toString("base64") } }));
    });
    const keys = keysAt(address, { rememberedMs: 200 });
    const read = () => keys.unwrap("vault:v1:AAAA", "payroll", "");
    await refused("dependencyUnavailable", read());
    expect(await Promise.all(Array.from({ length: 50 }, read))).to.deep.equal(Array.from({ length: 50 }, () => secret));
    expect(requests).to.equal(2);
    await keys.unwrap("vault:v1:AAAA", "payroll", "another context");
    expect(requests).to.equal(3);
    await new Promise((resolve) => setTimeout(resolve, 250));
    await read();
    expect(requests).to.equal(4);
  });

  it("has no more requests under way than its connections", async () => {
    let most = 0;
    let now = 0;
    const address = await serve((_, response) => {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        response.end(JSON.stringify({ data: { plaintext: "" } }));
      }, 10);
    });
    const keys = keysAt(address, { connections: 3 });
    await Promise.all(Array.from({ length: 40 }, (_, n) => keys.unwrap(`vault:v1:${n}`, "payroll", "")));
    expect(most).to.equal(3);
  });

  it("believes an https server only by its certificate, and sends the namespace", async () => {
    const secure = await TransitServer.start({ tls: loopbackCertificate, namespace: "team" });
    try {
      await secure.create("payroll");
      const token = await secure.token(USER);
      const at = (settings: Partial<VaultSettings>) => {
        const keys = new VaultKeys(
          { token: () => Promise.resolve(token), log: { warn: () => undefined } },
          { address: secure.address, ...settings },
        );
        opened.push(keys);
        return keys;
      };
      await refused("dependencyUnavailable", at({ namespace: "team" }).wrap(secret, "payroll", ""));
      await refused("dependencyUnavailable", at({ ca: loopbackCertificate.cert }).wrap(secret, "payroll", ""));
      expect(await at({ ca: loopbackCertificate.cert, namespace: "team" }).wrap(secret, "payroll", "")).to.match(
        /^vault:v1:/,
      );
    } finally {
      await secure.close();
    }
  });
});
