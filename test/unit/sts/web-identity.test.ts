import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { GetObjectCommand, CreateBucketCommand, ListBucketsCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWK } from "jose";
import { expect } from "chai";
import { codeOf, IdentityEndpoint, type Credentials } from "../../support/identity-endpoint.js";

/** An OpenID Connect provider on this machine: discovery, keys, and tokens signed with them. */
class Provider {
  /** The documents asked for. */
  readonly asked: string[] = [];
  keys: JWK[] = [];
  /** Another body of the keys, in place of them. */
  instead: string | undefined;
  discovery: object = {};
  private readonly server: Server;

  constructor() {
    this.server = createServer((request, response) => {
      this.asked.push(request.url ?? "");
      const body =
        request.url === "/keys" ? (this.instead ?? JSON.stringify({ keys: this.keys })) : JSON.stringify(this.document);
      response.writeHead(200, { "content-type": "application/json" }).end(body);
    });
  }

  async start(): Promise<this> {
    await once(this.server.listen(0, "127.0.0.1"), "listening");
    return this;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  private get document() {
    return { issuer: this.issuer, jwks_uri: `${this.issuer}/keys`, ...this.discovery };
  }

  async newKey(kid: string, algorithm = "RS256"): Promise<CryptoKey> {
    const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
    this.keys.push({ ...(await exportJWK(publicKey)), kid, alg: algorithm, use: "sig" });
    return privateKey;
  }
}

describe("AssumeRoleWithWebIdentity", () => {
  let provider: Provider;
  let endpoint: IdentityEndpoint;
  let key: CryptoKey;

  beforeEach(async () => {
    provider = await new Provider().start();
    key = await provider.newKey("first");
    endpoint = await IdentityEndpoint.start({
      identity: { issuers: [{ issuer: provider.issuer, audience: "cess-s3", account: "dev" }] },
    });
  });
  afterEach(async () => {
    await endpoint.stop();
    await provider.stop();
  });

  interface TokenParts {
    readonly claims?: Record<string, unknown>;
    readonly issuer?: string;
    readonly audience?: string | string[];
    /** Seconds from now. */
    readonly expires?: number;
    readonly kid?: string;
    readonly algorithm?: string;
  }

  const token = (parts: TokenParts = {}, signer: CryptoKey | Uint8Array = key) =>
    new SignJWT(parts.claims ?? {})
      .setProtectedHeader({ alg: parts.algorithm ?? "RS256", kid: parts.kid ?? "first" })
      .setIssuer(parts.issuer ?? provider.issuer)
      .setAudience(parts.audience ?? "cess-s3")
      .setSubject("ann")
      .setExpirationTime(Math.floor((Date.now() + endpoint.ahead) / 1000) + (parts.expires ?? 600))
      .sign(signer);

  /** Without credentials, as a workload has none before. */
  async function assume(webIdentityToken: string, more = {}, at = endpoint) {
    const sts = new STSClient({ ...at.settings({ accessKeyId: "none", secretAccessKey: "none" }) });
    const answer = await sts
      .send(
        new AssumeRoleWithWebIdentityCommand({
          RoleArn: "arn:aws:iam::1:role/web",
          RoleSessionName: "job",
          WebIdentityToken: webIdentityToken,
          ...more,
        }),
      )
      .finally(() => sts.destroy());
    const { AccessKeyId, SecretAccessKey, SessionToken } = answer.Credentials!;
    const credentials: Credentials = {
      accessKeyId: AccessKeyId!,
      secretAccessKey: SecretAccessKey!,
      sessionToken: SessionToken!,
    };
    return { answer, credentials };
  }
  const refusalOf = (webIdentityToken: string, more = {}) => codeOf(assume(webIdentityToken, more));

  it("makes a session of the issuer's account, of an unsigned request with a token", async () => {
    const { answer, credentials } = await assume(await token());
    expect(answer).to.deep.include({
      SubjectFromWebIdentityToken: "ann",
      Audience: "cess-s3",
      Provider: provider.issuer,
    });
    expect(answer.AssumedRoleUser?.Arn).to.match(/assumed-role\/web\/job$/);
    const s3 = endpoint.s3(credentials);
    await s3.send(new CreateBucketCommand({ Bucket: "web" }));
    expect(provider.asked).to.deep.equal(["/.well-known/openid-configuration", "/keys"]);
    await assume(await token());
    expect(provider.asked, "the keys are kept").to.have.length(2);
  });

  it("takes tokens signed with keys of elliptic curves, for one of several audiences, with the keys where it is told", async () => {
    const later = await provider.newKey("later", "ES256");
    const fresh = await IdentityEndpoint.start({
      identity: {
        issuers: [
          { issuer: provider.issuer, audience: ["x", "cess-s3"], account: "dev", jwksUri: `${provider.issuer}/keys` },
        ],
      },
    });
    try {
      await assume(await token({ kid: "later", algorithm: "ES256", audience: ["y", "cess-s3"] }, later), {}, fresh);
    } finally {
      await fresh.stop();
    }
  });

  it("refuses tokens that are not what they say", async () => {
    const { privateKey: stranger } = await generateKeyPair("RS256", { extractable: true });
    const secret = new TextEncoder().encode(JSON.stringify(provider.keys[0]));
    const good = await token();
    const [head = "", payload = "", signature = ""] = good.split(".");
    const widened = Buffer.from(payload, "base64url").toString().replace('"ann"', '"eve"');
    const none = new UnsecuredJWT({})
      .setIssuer(provider.issuer)
      .setAudience("cess-s3")
      .setSubject("ann")
      .setExpirationTime("1h");
    for (const [what, text] of [
      ["alg none", none.encode()],
      ["a secret in place of a key pair", await token({ algorithm: "HS256" }, secret)],
      ["another's key", await token({}, stranger)],
      ["an unknown kid", await token({ kid: "unknown" })],
      ["an edited payload", [head, Buffer.from(widened).toString("base64url"), signature].join(".")],
      ["no signature", [head, payload, ""].join(".")],
      ["a wrong audience", await token({ audience: "another" })],
      ["a wrong issuer", await token({ issuer: "https://elsewhere.example.com" })],
      ["a similar issuer", await token({ issuer: `${provider.issuer}/` })],
      ["not yet", await token({ claims: { nbf: Math.floor(Date.now() / 1000) + 600 } })],
      ["no token", "a.b.c"],
      ["too long", `${"a".repeat(20_001)}.b.c`],
    ] as const)
      expect(await refusalOf(text), what).to.equal("InvalidIdentityToken");
    expect(await refusalOf(await token({ expires: -120 }))).to.equal("ExpiredTokenException");
    const endless = new SignJWT({}).setProtectedHeader({ alg: "RS256", kid: "first" });
    const forever = endless.setIssuer(provider.issuer).setAudience("cess-s3").setSubject("ann").sign(key);
    expect(await refusalOf(await forever), "without an end").to.equal("InvalidIdentityToken");
    await assume(good);
  });

  it("allows a provider's clock to be a minute off", async () => {
    await assume(await token({ expires: -30 }));
    await assume(await token({ claims: { nbf: Math.floor(Date.now() / 1000) + 30 } }));
  });

  it("says when the provider cannot be reached or gives no keys, and asks it again only after a pause", async () => {
    provider.instead = "x".repeat(300 * 1024);
    expect(await refusalOf(await token())).to.equal("IDPCommunicationError");
    provider.instead = undefined;
    const { length } = provider.asked;
    expect(await refusalOf(await token())).to.equal("IDPCommunicationError");
    expect(provider.asked).to.have.length(length);
    endpoint.ahead = 31_000;
    await assume(await token());
  });

  it("believes no discovery document of another issuer", async () => {
    provider.discovery = { issuer: "https://elsewhere.example.com" };
    expect(await refusalOf(await token())).to.equal("IDPCommunicationError");
  });

  it("chooses the account by a claim, and only one", async () => {
    const accounts = { admins: "dev", "alt-users": "alt", gone: "nobody" };
    const by = await IdentityEndpoint.start({
      identity: { issuers: [{ issuer: provider.issuer, audience: "cess-s3", claim: "groups", accounts }] },
    });
    try {
      const of = async (groups: unknown) => assume(await token({ claims: { groups } }), {}, by);
      const name = async (groups: unknown) => (await of(groups)).answer.AssumedRoleUser!.AssumedRoleId!.split(":")[0];
      expect(await name("admins")).to.equal(by.accounts.named("dev")?.id);
      expect(await name(["others", "alt-users"])).to.equal(by.accounts.named("alt")?.id);
      for (const groups of [undefined, [], "others", ["admins", "alt-users"], "__proto__", 5])
        expect(await codeOf(of(groups)), JSON.stringify(groups)).to.equal("IDPRejectedClaim");
      expect(await codeOf(of("gone"))).to.equal("AccessDenied");
    } finally {
      await by.stop();
    }
  });

  it("lets a session do what the issuer's policy and the session's own both allow, for as long as the issuer's may", async () => {
    const statement = (Action: string, Resource = "*") => ({ Effect: "Allow", Action, Resource });
    const by = await IdentityEndpoint.start({
      identity: {
        issuers: [
          {
            issuer: provider.issuer,
            audience: "cess-s3",
            account: "dev",
            policy: { Version: "2012-10-17", Statement: [statement("s3:*", "arn:aws:s3:::box*")] },
            maxSeconds: 1800,
          },
        ],
      },
    });
    try {
      const { credentials, answer } = await assume(await token(), {}, by);
      expect(answer.Credentials!.Expiration!.getTime()).to.be.closeTo(Date.now() + 1_800_000, 60_000);
      const s3 = by.s3(credentials);
      await s3.send(new CreateBucketCommand({ Bucket: "box" }));
      await s3.send(new PutObjectCommand({ Bucket: "box", Key: "k", Body: "x" }));
      expect(await codeOf(s3.send(new CreateBucketCommand({ Bucket: "another" })))).to.equal("AccessDenied");
      const Policy = JSON.stringify({ Statement: [statement("s3:GetObject"), statement("s3:ListAllMyBuckets")] });
      const reader = by.s3((await assume(await token(), { Policy }, by)).credentials);
      await reader.send(new GetObjectCommand({ Bucket: "box", Key: "k" }));
      expect(await codeOf(reader.send(new PutObjectCommand({ Bucket: "box", Key: "k", Body: "y" })))).to.equal(
        "AccessDenied",
      );
      expect(await codeOf(reader.send(new ListBucketsCommand({})))).to.equal("AccessDenied");
      expect(await codeOf(assume(await token(), { DurationSeconds: 1801 }, by))).to.equal("ValidationError");
    } finally {
      await by.stop();
    }
  });
});
