import { AssumeRoleCommand, STSClient, type AssumeRoleCommandInput } from "@aws-sdk/client-sts";
import aws4 from "aws4";
import { expect } from "chai";
import { codeOf, devKey, IdentityEndpoint, type Credentials } from "../../../support/identity-endpoint.js";

const policy = (...statements: readonly object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (actions: string, resources = "*") => ({ Effect: "Allow", Action: actions, Resource: resources });

describe("Requests for temporary credentials", () => {
  let endpoint: IdentityEndpoint;
  beforeEach(async () => (endpoint = await IdentityEndpoint.start()));
  afterEach(() => endpoint.stop());

  async function assume(
    more: Partial<AssumeRoleCommandInput>,
    credentials: Credentials = devKey,
  ): Promise<Credentials> {
    const input = { RoleArn: "arn:aws:iam::123456789012:role/reader", RoleSessionName: "tester", ...more };
    const { Credentials: issued } = await endpoint.sts(credentials).send(new AssumeRoleCommand(input));
    const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = issued ?? {};
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  }
  const refusalOf = (more: Partial<AssumeRoleCommandInput>, credentials?: Credentials) =>
    codeOf(assume(more, credentials));

  it("are refused when they are wrong, with the codes of AWS", async () => {
    expect(await refusalOf({ DurationSeconds: 899 })).to.equal("ValidationError");
    expect(await refusalOf({ DurationSeconds: 43_201 })).to.equal("ValidationError");
    expect(await refusalOf({ RoleArn: "reader" })).to.equal("ValidationError");
    expect(await refusalOf({ RoleSessionName: "a b" })).to.equal("ValidationError");
    expect(await refusalOf({ Policy: "{}" })).to.equal("MalformedPolicyDocument");
    const named = { ...allow("s3:*"), Principal: "*" };
    expect(await refusalOf({ Policy: policy(named) })).to.equal("MalformedPolicyDocument");
    expect(await refusalOf({ PolicyArns: [{ arn: "arn:aws:iam::aws:policy/ReadOnlyAccess" }] })).to.equal(
      "ValidationError",
    );
    expect(await refusalOf({ SerialNumber: "arn:aws:iam::1:mfa/x", TokenCode: "123456" })).to.equal("AccessDenied");
    expect(await refusalOf({}, { ...devKey, secretAccessKey: "wrong" })).to.equal("SignatureDoesNotMatch");
    expect(await refusalOf({}, { ...devKey, accessKeyId: "NOBODY" })).to.equal("InvalidClientTokenId");
  });

  it("may be signed for any region where the operator says so, and else only for the gateway's or us-east-1", async () => {
    const assumeFor = async (region: string) => {
      const client = new STSClient({ ...endpoint.settings(devKey), region });
      const command = new AssumeRoleCommand({ RoleArn: "arn:aws:iam::1:role/r", RoleSessionName: "job" });
      return client.send(command).then(
        () => "done",
        (error: unknown) => (error as Error).name,
      );
    };
    const all = async () => [await assumeFor("eu-central-7"), await assumeFor("us-east-1"), await assumeFor("auto")];
    await endpoint.stop();
    endpoint = await IdentityEndpoint.start({ settings: { region: "eu-central-7" } });
    expect(await all()).to.deep.equal(["done", "done", "IncompleteSignature"]);
    await endpoint.stop();
    endpoint = await IdentityEndpoint.start({ settings: { region: "eu-central-7", acceptAnyRegion: true } });
    expect(await all()).to.deep.equal(["done", "done", "done"]);
  });

  it("count against the rates of their key, once the signature was verified, and of their address", async () => {
    await endpoint.stop();
    const counted: string[] = [];
    const rates = {
      address: (address: string) => (counted.push(address), 0),
      key: (id: string) => (counted.push(id) > 4 ? 1500 : 0),
    };
    endpoint = await IdentityEndpoint.start({ rates });
    expect(await refusalOf({}, { ...devKey, secretAccessKey: "wrong" })).to.equal("SignatureDoesNotMatch");
    await assume({});
    expect(await refusalOf({})).to.equal("Throttling");
    expect(counted).to.deep.equal(["127.0.0.1", "127.0.0.1", "DEV", "127.0.0.1", "DEV"]);
  });

  it("are refused with policies that are too large for a token", async () => {
    const long = (count: number, letter: string) =>
      policy(allow("s3:GetObject", `arn:aws:s3:::box/${letter.repeat(count)}`));
    expect(await refusalOf({ Policy: long(2048, "a") })).to.equal("ValidationError");
    // As many characters as are allowed, of which each has three bytes.
    expect(await refusalOf({ Policy: long(1900, "€") })).to.equal("PackedPolicyTooLarge");
    // Sessions of sessions carry all the policies before them.
    const first = await assume({ Policy: long(1900, "a") });
    const second = await assume({ Policy: long(1900, "b") }, first);
    expect(await refusalOf({ Policy: long(1900, "c") }, second)).to.equal("PackedPolicyTooLarge");
  });

  it("are forms, signed for the service sts; everything else is refused in STS's form", async () => {
    const post = (body: string, headers: Record<string, string> = {}, path = "/") =>
      fetch(endpoint.url + path, {
        method: "POST",
        body,
        headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      });
    const form = "Action=GetCallerIdentity&Version=2011-06-15";
    const sign = (service: string, body = form, region = "us-east-1") => {
      const { headers } = aws4.sign(
        {
          service,
          region,
          method: "POST",
          path: "/",
          body,
          headers: { host: endpoint.url.slice("http://".length), "content-type": "application/x-www-form-urlencoded" },
        },
        devKey,
      );
      // `fetch` sends this one by itself.
      return Object.fromEntries(Object.entries(headers as object).filter(([name]) => name !== "Content-Length"));
    };
    expect((await post(form, sign("sts"))).status).to.equal(200);
    for (const [body, headers, status, code] of [
      [form, {}, 403, "MissingAuthenticationToken"],
      [form, sign("s3"), 400, "IncompleteSignature"],
      [form, sign("sts", form, "eu-west-1"), 400, "IncompleteSignature"],
      [`${form}&Extra=1`, sign("sts", `${form}&Extra=2`), 403, "SignatureDoesNotMatch"],
      ["Action=Nonsense&Version=2011-06-15", {}, 400, "InvalidAction"],
      ["Action=GetCallerIdentity", {}, 400, "InvalidAction"],
      ["Action=AssumeRoleWithWebIdentity&Version=2011-06-15", {}, 400, "MissingParameter"],
      [`${form}&More=${"x".repeat(70_000)}`, {}, 400, "ValidationError"],
    ] as const) {
      const answer = await post(body, headers);
      const text = await answer.text();
      expect(`${answer.status} ${/<Code>(.*)<\/Code>/.exec(text)?.[1]}`, body.slice(0, 60)).to.equal(
        `${status} ${code}`,
      );
      expect(text).to.contain('<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">');
    }
    const answer = await fetch(`${endpoint.url}/?${form}`, { method: "POST" });
    expect(answer.status).to.equal(403);
    // What is no call of STS is S3's.
    expect(await (await fetch(`${endpoint.url}/`, { method: "POST", body: "x" })).text()).to.contain(
      "MethodNotAllowed",
    );
  });
});
