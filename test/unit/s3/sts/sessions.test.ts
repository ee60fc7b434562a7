import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import {
  AssumeRoleCommand,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  type AssumeRoleCommandInput,
} from "@aws-sdk/client-sts";
import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import aws4 from "aws4";
import { expect } from "chai";
import { createHmac } from "node:crypto";
import { testKeys } from "../../../support/test-keys.js";
import { altKey, codeOf, devKey, IdentityEndpoint, type Credentials } from "../../../support/identity-endpoint.js";

const ROLE = "arn:aws:iam::123456789012:role/reader";

const policy = (...statements: readonly object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (actions: string | readonly string[], resources: string | readonly string[] = "*") => ({
  Effect: "Allow",
  Action: actions,
  Resource: resources,
});

describe("Temporary credentials", () => {
  let endpoint: IdentityEndpoint;
  let owner: S3Client;

  beforeEach(async () => {
    endpoint = await IdentityEndpoint.start();
    owner = endpoint.s3(devKey);
    await owner.send(new CreateBucketCommand({ Bucket: "box" }));
    await owner.send(new PutObjectCommand({ Bucket: "box", Key: "a/1", Body: "one" }));
    await owner.send(new PutObjectCommand({ Bucket: "box", Key: "b/1", Body: "one" }));
  });
  afterEach(() => endpoint.stop());

  async function assume(
    more: Partial<AssumeRoleCommandInput> = {},
    credentials: Credentials = devKey,
  ): Promise<Required<Credentials> & { readonly Expiration: Date }> {
    const input = { RoleArn: ROLE, RoleSessionName: "tester", ...more };
    const { Credentials: issued } = await endpoint.sts(credentials).send(new AssumeRoleCommand(input));
    return {
      accessKeyId: issued!.AccessKeyId!,
      secretAccessKey: issued!.SecretAccessKey!,
      sessionToken: issued!.SessionToken!,
      Expiration: issued!.Expiration!,
    };
  }
  const refusalOf = (more: Partial<AssumeRoleCommandInput>, credentials?: Credentials) =>
    codeOf(assume(more, credentials));
  const read = (credentials: Credentials, Key = "a/1") =>
    endpoint.s3(credentials).send(new GetObjectCommand({ Bucket: "box", Key }));

  it("come from AssumeRole and GetSessionToken, begin with ASIA, and do what their parent may", async () => {
    const sts = endpoint.sts(devKey);
    const assumed = await sts.send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: "tester" }));
    const session = await sts.send(new GetSessionTokenCommand({ DurationSeconds: 900 }));
    for (const { Credentials: issued } of [assumed, session]) {
      expect(issued!.AccessKeyId).to.match(/^ASIA[A-Z2-7]{16}$/);
      await read({
        accessKeyId: issued!.AccessKeyId!,
        secretAccessKey: issued!.SecretAccessKey!,
        sessionToken: issued!.SessionToken!,
      });
    }
    expect(assumed.AssumedRoleUser?.Arn).to.match(/^arn:aws:sts::[0-9a-f]{64}:assumed-role\/reader\/tester$/);
    expect(assumed.Credentials!.Expiration!.getTime()).to.be.closeTo(Date.now() + 3_600_000, 60_000);
    expect(session.Credentials!.Expiration!.getTime()).to.be.closeTo(Date.now() + 900_000, 60_000);
  });

  it("are what the SDK's provider of temporary credentials works with", async () => {
    const credentials = fromTemporaryCredentials({
      masterCredentials: devKey,
      params: {
        RoleArn: ROLE,
        RoleSessionName: "provider",
        Policy: policy(allow("s3:GetObject", "arn:aws:s3:::box/a/*")),
      },
      clientConfig: { endpoint: endpoint.url, region: "us-east-1" },
    });
    const issued = await credentials();
    await read(issued);
    expect(await codeOf(read(issued, "b/1"))).to.equal("AccessDenied");
  });

  it("tell who they are", async () => {
    const who = async (credentials: Credentials) => endpoint.sts(credentials).send(new GetCallerIdentityCommand({}));
    const parent = await who(devKey);
    expect(parent.Arn).to.equal(`arn:aws:iam::${parent.Account}:user/dev`);
    const session = await who(await assume());
    expect(session).to.deep.include({
      Account: parent.Account,
      Arn: `arn:aws:sts::${parent.Account}:assumed-role/dev/tester`,
      UserId: `${parent.Account}:tester`,
    });
  });

  it("work in presigned URLs of both versions, in forms, and in signed headers of Version 2", async () => {
    const session = await assume();
    const client = endpoint.s3(session);
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: "box", Key: "a/1" }));
    expect((await fetch(url)).status).to.equal(200);
    const { url: target, fields } = await createPresignedPost(client, { Bucket: "box", Key: "a/form" });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("file", new Blob(["posted"]));
    expect((await fetch(target, { method: "POST", body: form })).status).to.equal(204);

    const hmac = (text: string) => createHmac("sha1", session.secretAccessKey).update(text).digest("base64");
    const date = new Date().toUTCString();
    const token = `x-amz-security-token:${session.sessionToken}\n`;
    const headers = (signed: string) => ({
      date,
      authorization: `AWS ${session.accessKeyId}:${hmac(`GET\n\n\n${date}\n${signed}/box/a/1`)}`,
      "x-amz-security-token": session.sessionToken,
    });
    expect((await fetch(`${endpoint.url}/box/a/1`, { headers: headers(token) })).status).to.equal(200);
    // The token is part of what Version 2 signs.
    expect((await fetch(`${endpoint.url}/box/a/1`, { headers: headers("") })).status).to.equal(403);
    const expires = String(Math.floor(Date.now() / 1000) + 60);
    const query = new URLSearchParams({
      AWSAccessKeyId: session.accessKeyId,
      Expires: expires,
      Signature: hmac(`GET\n\n\n${expires}\n${token}/box/a/1`),
      "x-amz-security-token": session.sessionToken,
    });
    expect((await fetch(`${endpoint.url}/box/a/1?${query.toString()}`)).status).to.equal(200);
  });

  it("do nothing that the session policy does not allow, nor what it denies", async () => {
    const session = await assume({
      Policy: policy(allow(["s3:GetObject", "s3:ListBucket"]), {
        Effect: "Deny",
        Action: "s3:GetObject",
        Resource: "arn:aws:s3:::box/b/*",
      }),
    });
    await read(session);
    const client = endpoint.s3(session);
    await client.send(new ListObjectsV2Command({ Bucket: "box" }));
    expect(await codeOf(read(session, "b/1"))).to.equal("AccessDenied");
    expect(await codeOf(client.send(new PutObjectCommand({ Bucket: "box", Key: "a/2", Body: "x" })))).to.equal(
      "AccessDenied",
    );
    expect(await codeOf(client.send(new ListBucketsCommand({})))).to.equal("AccessDenied");
    expect(await codeOf(client.send(new CreateBucketCommand({ Bucket: "another" })))).to.equal("AccessDenied");
    const Delete = { Objects: [{ Key: "a/1" }] };
    const deleted = await client.send(new DeleteObjectsCommand({ Bucket: "box", Delete }));
    expect(deleted.Errors?.map(({ Code }) => Code)).to.deep.equal(["AccessDenied"]);
    await read(devKey);
  });

  it("do not learn whether a key exists without s3:ListBucket", async () => {
    const session = await assume({ Policy: policy(allow("s3:GetObject")) });
    expect(await codeOf(read(session, "absent"))).to.equal("AccessDenied");
    const listing = await assume({ Policy: policy(allow(["s3:GetObject", "s3:ListBucket"])) });
    expect(await codeOf(read(listing, "absent"))).to.equal("NoSuchKey");
  });

  it("cannot be widened by a session policy, whatever it allows", async () => {
    const all = policy(allow("*"), allow("s3:*", "arn:aws:s3:::*"));
    // Another account's session is no more than that account.
    const foreign = await assume({ Policy: all }, altKey);
    expect(await codeOf(read(foreign))).to.equal("AccessDenied");
    // Nor is one of a limited key, nor one of a key with a policy, nor a session's session.
    const limits = { account: "dev", permission: "read", prefixes: ["a/"] };
    const limited = (await endpoint.admin("POST", "/keys", limits)) as Credentials;
    const narrow = { account: "dev", policy: policy(allow("s3:GetObject", "arn:aws:s3:::box/a/*")) };
    const named = (await endpoint.admin("POST", "/keys", narrow)) as Credentials;
    const session = await assume({ Policy: policy(allow("s3:GetObject", "arn:aws:s3:::box/a/*")) });
    for (const parent of [limited, named, session]) {
      const wide = await assume({ Policy: all }, parent);
      await read(wide);
      expect(await codeOf(read(wide, "b/1"))).to.equal("AccessDenied");
      const write = endpoint.s3(wide).send(new PutObjectCommand({ Bucket: "box", Key: "a/2", Body: "x" }));
      expect(await codeOf(write)).to.equal("AccessDenied");
    }
  });

  it("do not escape a bucket policy that denies their parent key", async () => {
    const named = (await endpoint.admin("POST", "/keys", { account: "dev" })) as Credentials;
    const Policy = JSON.stringify({
      Statement: [
        {
          Effect: "Deny",
          Principal: { AWS: `arn:aws:iam::dev:user/${named.accessKeyId}` },
          Action: "s3:GetObject",
          Resource: "arn:aws:s3:::box/*",
        },
      ],
    });
    await owner.send(new PutBucketPolicyCommand({ Bucket: "box", Policy }));
    expect(await codeOf(read(named))).to.equal("AccessDenied");
    expect(await codeOf(read(await assume({}, named)))).to.equal("AccessDenied");
    await read(await assume());
  });

  it("are refused with a token that was edited, forged, cut, or made for another key", async () => {
    const session = await assume({ Policy: policy(allow("s3:GetObject")) });
    const { sessionToken: token } = session;
    const last = token.at(-1) === "A" ? "B" : "A";
    for (const sessionToken of [
      `${token.slice(0, 40)}${token[40] === "A" ? "B" : "A"}${token.slice(41)}`,
      token.slice(0, -12) + last + token.slice(-11),
      token.slice(0, -20),
      token.replace(/^v1\.\w+/, "v1.00000000"),
      "v1..",
      "nonsense",
      "x".repeat(20_000),
      (await assume()).sessionToken,
      // Sealed by the master key, but as something else.
      testKeys.seal(JSON.stringify({ accessKeyId: session.accessKeyId }), "secret access key X"),
    ])
      expect(await codeOf(read({ ...session, sessionToken })), sessionToken.slice(0, 60)).to.equal("InvalidToken");
    await read(session);
  });

  it("are unknown without their token, and a permanent key has none", async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await assume();
    expect(await codeOf(read({ accessKeyId, secretAccessKey }))).to.equal("InvalidAccessKeyId");
    expect(await codeOf(read({ ...devKey, sessionToken }))).to.equal("InvalidToken");
    expect(await codeOf(read({ accessKeyId, secretAccessKey: "wrong", sessionToken }))).to.equal(
      "SignatureDoesNotMatch",
    );
  });

  it("need their token among what is signed", async () => {
    const session = await assume();
    const signed = aws4.sign(
      { service: "s3", region: "us-east-1", host: endpoint.url.slice("http://".length), path: "/box/a/1" },
      { accessKeyId: session.accessKeyId, secretAccessKey: session.secretAccessKey },
    );
    const headers = { ...(signed.headers as Record<string, string>), "x-amz-security-token": session.sessionToken };
    const answer = await fetch(`${endpoint.url}/box/a/1`, { headers });
    expect(answer.status).to.equal(403);
    expect(await answer.text()).to.contain("<HeadersNotSigned>x-amz-security-token</HeadersNotSigned>");
  });

  it("end by the clock, in headers and in URLs that were signed before", async () => {
    const session = await assume({ DurationSeconds: 900 });
    const url = await getSignedUrl(endpoint.s3(session), new GetObjectCommand({ Bucket: "box", Key: "a/1" }), {
      expiresIn: 3600,
    });
    endpoint.ahead = 899_000;
    await read(session);
    expect((await fetch(url)).status).to.equal(200);
    endpoint.ahead = 901_000;
    expect(await codeOf(read(session))).to.equal("ExpiredToken");
    const answer = await fetch(url);
    expect(answer.status).to.equal(400);
    expect(await answer.text()).to.contain("<Code>ExpiredToken</Code>");
    expect(await codeOf(endpoint.sts(session).send(new GetCallerIdentityCommand({})))).to.equal("ExpiredToken");
  });

  it("end with their parent: revoked, expired, or its account disabled or removed", async () => {
    const key = (await endpoint.admin("POST", "/keys", { account: "dev" })) as Credentials;
    const session = await assume({}, key);
    await read(session);
    await endpoint.admin("DELETE", `/keys/${key.accessKeyId}`);
    expect(await codeOf(read(session))).to.equal("InvalidAccessKeyId");

    const until = new Date(Date.now() + 1_800_000).toISOString();
    const ending = (await endpoint.admin("POST", "/keys", { account: "dev", expires: until })) as Credentials;
    const late = await assume({ DurationSeconds: 43_200 }, ending);
    expect(late.Expiration.getTime()).to.be.closeTo(Date.parse(until), 1000);
    endpoint.ahead = 1_801_000;
    expect(await codeOf(read(late))).to.match(/^(ExpiredToken|InvalidAccessKeyId)$/);
    endpoint.ahead = 0;

    const account = {
      name: "more",
      cessAccount: "cXfyomKDABfehLkvARFE854wgDJFMbsxwAJEHezRb6mfcAi2y",
      territory: "home",
    };
    await endpoint.admin("POST", "/accounts", account);
    const another = (await endpoint.admin("POST", "/keys", { account: "more" })) as Credentials;
    const sessions = await assume({}, another);
    const list = () => endpoint.s3(sessions).send(new ListBucketsCommand({}));
    await list();
    await endpoint.admin("POST", "/accounts/more/disable");
    expect(await codeOf(list())).to.equal("InvalidAccessKeyId");
    await endpoint.admin("POST", "/accounts/more/enable");
    await list();
    await endpoint.admin("DELETE", "/accounts/more");
    expect(await codeOf(list())).to.equal("InvalidAccessKeyId");
  });

  it("end when their parent of the configuration is not in it any more", async () => {
    const session = await assume();
    await endpoint.accounts.replace([]);
    expect(await codeOf(read(session))).to.equal("InvalidAccessKeyId");
  });

  it("mean nothing to a gateway with another master key", async () => {
    const other = await IdentityEndpoint.start({ masterKey: Buffer.alloc(32, 9) });
    try {
      const session = await assume();
      expect(await codeOf(other.s3(session).send(new ListBucketsCommand({})))).to.equal("InvalidToken");
      expect(await codeOf(other.sts(session).send(new GetCallerIdentityCommand({})))).to.equal("InvalidClientTokenId");
    } finally {
      await other.stop();
    }
  });

  it("make sessions for an hour at most and not beyond their own end, and none by GetSessionToken", async () => {
    const session = await assume({ DurationSeconds: 900 });
    expect(await refusalOf({ DurationSeconds: 3601 }, session)).to.equal("ValidationError");
    const next = await assume({ DurationSeconds: 3600 }, session);
    expect(next.Expiration.getTime()).to.be.at.most(session.Expiration.getTime());
    await read(next);
    expect(await codeOf(endpoint.sts(session).send(new GetSessionTokenCommand({})))).to.equal("AccessDenied");
  });

  it("keep the limits of a presigned request's token to one", async () => {
    const session = await assume();
    const url = await getSignedUrl(endpoint.s3(session), new HeadObjectCommand({ Bucket: "box", Key: "a/1" }));
    const answer = await fetch(`${url}&X-Amz-Security-Token=another`, { method: "HEAD" });
    expect(answer.status).to.equal(400);
  });
});
