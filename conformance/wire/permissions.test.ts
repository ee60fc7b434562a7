import {
  CreateBucketCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteBucketPolicyCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAclCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  type ObjectOwnership,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { altClient, freshName, refusal, removeBucket, s3, useBucket } from "../support/target.js";

const anonymous = (method: string, path: string, body = "", headers = {}) =>
  send({ method, path, body, headers, sign: false, tamper: (sent) => delete sent["x-amz-content-sha256"] });

describe("permissions", () => {
  const bucket = useBucket();
  const alt = altClient();
  let altId = "";
  let ownId = "";
  const own = (ObjectOwnership: ObjectOwnership) =>
    s3.send(
      new PutBucketOwnershipControlsCommand({
        Bucket: bucket.name,
        OwnershipControls: { Rules: [{ ObjectOwnership }] },
      }),
    );
  const policy = (...Statement: object[]) =>
    s3.send(
      new PutBucketPolicyCommand({ Bucket: bucket.name, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) }),
    );
  const at = (Key: string) => ({ Bucket: bucket.name, Key });
  const arn = (key = "") => `arn:aws:s3:::${bucket.name}${key}`;
  const allow = (Action: string | string[], Resource: string, more: object = {}) => ({
    Effect: "Allow",
    Principal: "*",
    Action,
    Resource,
    ...more,
  });

  before(async () => {
    altId = (await alt.send(new ListBucketsCommand({}))).Owner?.ID ?? "";
    ownId = (await s3.send(new ListBucketsCommand({}))).Owner?.ID ?? "";
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket.name }));
    await s3.send(new PutObjectCommand({ ...at("public/a"), Body: "open" }));
    await s3.send(new PutObjectCommand({ ...at("secret"), Body: "shut" }));
  });
  after(() => alt.destroy());

  describe("by policy", () => {
    afterEach(() => s3.send(new DeleteBucketPolicyCommand({ Bucket: bucket.name })));

    it("are nobody's but the owner's before there is one", async () => {
      expect(await anonymous("GET", `/${bucket.name}/public/a`)).to.include({ status: 403, code: "AccessDenied" });
      expect((await refusal(alt.send(new GetObjectCommand(at("public/a"))))).status).to.equal(403);
      expect((await refusal(s3.send(new GetBucketPolicyCommand({ Bucket: bucket.name })))).code).to.equal(
        "NoSuchBucketPolicy",
      );
    });

    it("let anybody read what it opens and nothing else, and say so in the status", async () => {
      await policy(allow("s3:GetObject", arn("/public/*")));
      expect(await anonymous("GET", `/${bucket.name}/public/a`)).to.include({ status: 200, body: "open" });
      expect((await anonymous("GET", `/${bucket.name}/secret`)).status).to.equal(403);
      expect(await anonymous("GET", `/${bucket.name}/public/never`)).to.include({ status: 403 });
      expect((await anonymous("PUT", `/${bucket.name}/public/b`, "x")).status).to.equal(403);
      expect(
        (await s3.send(new GetBucketPolicyStatusCommand({ Bucket: bucket.name }))).PolicyStatus?.IsPublic,
      ).to.equal(true);
    });

    it("give one account what they name, by its canonical ID", async () => {
      await policy({ ...allow(["s3:ListBucket", "s3:PutObject"], arn("*")), Principal: { CanonicalUser: altId } });
      await alt.send(new PutObjectCommand({ ...at("from-alt"), Body: "theirs" }));
      expect((await alt.send(new ListObjectsV2Command({ Bucket: bucket.name }))).KeyCount).to.be.above(1);
      expect((await refusal(alt.send(new GetObjectCommand(at("secret"))))).status).to.equal(403);
      expect((await anonymous("GET", `/${bucket.name}?list-type=2`)).status).to.equal(403);
      expect(
        (await s3.send(new GetBucketPolicyStatusCommand({ Bucket: bucket.name }))).PolicyStatus?.IsPublic,
      ).to.equal(false);
    });

    it("deny before they allow, the owner too, who can still mend them", async () => {
      await policy(allow("s3:*", arn("/*")), {
        ...allow(["s3:GetObject", "s3:*BucketPolicy"], arn("*")),
        Effect: "Deny",
      });
      expect((await refusal(s3.send(new GetObjectCommand(at("public/a"))))).status).to.equal(403);
      await s3.send(new PutObjectCommand({ ...at("public/a"), Body: "open" }));
      await s3.send(new DeleteBucketPolicyCommand({ Bucket: bucket.name }));
      await s3.send(new GetObjectCommand(at("public/a")));
    });

    it("look at prefix, referer, user agent, address, TLS and tags", async () => {
      await policy(
        allow("s3:ListBucket", arn(), {
          Condition: { StringLike: { "s3:prefix": "public/*" }, NumericLessThanEquals: { "s3:max-keys": "5" } },
        }),
        allow("s3:GetObject", arn("/*"), {
          Condition: {
            StringLike: { "aws:Referer": "https://good.example/*" },
            IpAddress: { "aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"] },
          },
        }),
      );
      expect((await anonymous("GET", `/${bucket.name}?list-type=2&prefix=public/&max-keys=5`)).status).to.equal(200);
      expect((await anonymous("GET", `/${bucket.name}?list-type=2&prefix=public/&max-keys=6`)).status).to.equal(403);
      expect((await anonymous("GET", `/${bucket.name}?list-type=2&max-keys=5`)).status).to.equal(403);
      expect(
        (await anonymous("GET", `/${bucket.name}/secret`, "", { referer: "https://good.example/page" })).status,
      ).to.equal(200);
      expect(
        (await anonymous("GET", `/${bucket.name}/secret`, "", { referer: "https://bad.example/page" })).status,
      ).to.equal(403);
      await s3.send(new PutObjectCommand({ ...at("tagged"), Body: "t", Tagging: "class=open" }));
      await policy(
        allow("s3:GetObject", arn("/*"), { Condition: { StringEquals: { "s3:ExistingObjectTag/class": "open" } } }),
      );
      expect((await anonymous("GET", `/${bucket.name}/tagged`)).status).to.equal(200);
      expect((await anonymous("GET", `/${bucket.name}/secret`)).status).to.equal(403);
    });

    it("are refused when they are wrong, too large, for another bucket or for nobody", async () => {
      const refused = async (...Statement: object[]) => (await refusal(policy(...Statement))).code;
      expect(await refused(allow("s3:GetObject", "arn:aws:s3:::another-bucket/*"))).to.equal("MalformedPolicy");
      expect(
        await refused({ ...allow("s3:GetObject", arn("/*")), Principal: { AWS: "arn:aws:iam::000000000000:root" } }),
      ).to.equal("MalformedPolicy");
      expect(await refused(allow("ec2:RunInstances", arn("/*")))).to.equal("MalformedPolicy");
      expect(
        await refused(allow("s3:GetObject", arn("/*"), { Condition: { NoSuch: { "aws:SourceIp": "1.2.3.4" } } })),
      ).to.equal("MalformedPolicy");
      expect(
        await refused(...Array.from({ length: 200 }, (_, i) => allow("s3:GetObject", arn(`/${i}${"x".repeat(60)}`)))),
      ).to.equal("MalformedPolicy");
      expect((await refusal(s3.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy: "{" })))).code).to.equal(
        "MalformedPolicy",
      );
    });
  });

  describe("by ACL", () => {
    beforeEach(() => own("ObjectWriter"));
    afterEach(async () => {
      await own("ObjectWriter");
      await s3.send(new PutBucketAclCommand({ Bucket: bucket.name, ACL: "private" }));
    });

    it("open an object to all, or to who is known", async () => {
      await s3.send(new PutObjectCommand({ ...at("acl"), Body: "read me", ACL: "public-read" }));
      expect(await anonymous("GET", `/${bucket.name}/acl`)).to.include({ status: 200, body: "read me" });
      await s3.send(new PutObjectAclCommand({ ...at("acl"), ACL: "authenticated-read" }));
      expect((await anonymous("GET", `/${bucket.name}/acl`)).status).to.equal(403);
      await alt.send(new HeadObjectCommand(at("acl")));
      await s3.send(new PutObjectAclCommand({ ...at("acl"), ACL: "private" }));
      expect((await refusal(alt.send(new GetObjectCommand(at("acl"))))).status).to.equal(403);
    });

    it("are granted by header and document, and read back", async () => {
      await s3.send(new PutObjectCommand({ ...at("granted"), Body: "x", GrantRead: `id="${altId}"` }));
      await alt.send(new GetObjectCommand(at("granted")));
      expect((await refusal(alt.send(new GetObjectAclCommand(at("granted"))))).status).to.equal(403);
      const Grants = [
        { Grantee: { Type: "CanonicalUser", ID: ownId }, Permission: "FULL_CONTROL" },
        { Grantee: { Type: "CanonicalUser", ID: altId }, Permission: "READ_ACP" },
      ] as const;
      await s3.send(
        new PutObjectAclCommand({
          ...at("granted"),
          AccessControlPolicy: { Owner: { ID: ownId }, Grants: [...Grants] },
        }),
      );
      const read = await alt.send(new GetObjectAclCommand(at("granted")));
      expect(read.Owner?.ID).to.equal(ownId);
      expect(read.Grants?.map(({ Grantee, Permission }) => [Grantee?.Type, Grantee?.ID, Permission])).to.deep.equal(
        Grants.map(({ Grantee, Permission }) => [Grantee.Type, Grantee.ID, Permission]),
      );
      expect(
        (await refusal(s3.send(new PutObjectAclCommand({ ...at("granted"), GrantRead: 'id="nobody"' })))).code,
      ).to.equal("InvalidArgument");
      expect(
        (await refusal(s3.send(new PutObjectAclCommand({ ...at("granted"), GrantRead: 'emailAddress="a@b.c"' })))).code,
      ).to.equal("UnresolvableGrantByEmailAddress");
    });

    it("let others write, who then own what they wrote until the bucket's owner says otherwise", async () => {
      await s3.send(new PutBucketAclCommand({ Bucket: bucket.name, ACL: "public-read-write" }));
      await alt.send(new PutObjectCommand({ ...at("alts"), Body: "of alt" }));
      expect((await alt.send(new GetObjectAclCommand(at("alts")))).Owner?.ID).to.equal(altId);
      expect((await refusal(s3.send(new GetObjectCommand(at("alts"))))).status).to.equal(403);
      const owner = async () =>
        (await s3.send(new ListObjectsV2Command({ Bucket: bucket.name, Prefix: "alts", FetchOwner: true })))
          .Contents?.[0]?.Owner?.ID;
      expect(await owner()).to.equal(altId);
      await alt.send(new PutObjectAclCommand({ ...at("alts"), GrantRead: `id="${ownId}"` }));
      await s3.send(new GetObjectCommand(at("alts")));
      await alt.send(new GetObjectCommand(at("alts")));
      expect((await anonymous("PUT", `/${bucket.name}/nameless`, "x")).status).to.equal(200);
      expect((await anonymous("GET", `/${bucket.name}?list-type=2`)).status).to.equal(200);
      await s3.send(new PutBucketAclCommand({ Bucket: bucket.name, ACL: "private" }));
      await own("BucketOwnerEnforced");
      await s3.send(new GetObjectCommand(at("alts")));
      expect((await s3.send(new GetObjectAclCommand(at("alts")))).Owner?.ID).to.equal(ownId);
      expect(await owner()).to.equal(ownId);
    });

    it("do nothing where the bucket's owner owns all", async () => {
      await s3.send(new PutObjectCommand({ ...at("was-open"), Body: "x", ACL: "public-read" }));
      await s3.send(new PutBucketAclCommand({ Bucket: bucket.name, ACL: "public-read" }));
      expect((await refusal(own("BucketOwnerEnforced"))).code).to.equal("InvalidBucketAclWithObjectOwnership");
      await s3.send(new PutBucketAclCommand({ Bucket: bucket.name, ACL: "private" }));
      await own("BucketOwnerEnforced");
      expect((await anonymous("GET", `/${bucket.name}/was-open`)).status).to.equal(403);
      expect(
        (await refusal(s3.send(new PutObjectCommand({ ...at("k"), Body: "x", ACL: "public-read" })))).code,
      ).to.equal("AccessControlListNotSupported");
      expect(
        (await refusal(s3.send(new PutBucketAclCommand({ Bucket: bucket.name, ACL: "public-read" })))).code,
      ).to.equal("AccessControlListNotSupported");
      for (const ACL of ["public-read", "private"] as const) {
        expect((await refusal(s3.send(new PutObjectAclCommand({ ...at("was-open"), ACL })))).code, ACL).to.equal(
          "AccessControlListNotSupported",
        );
      }
      await s3.send(new PutObjectCommand({ ...at("k"), Body: "x", ACL: "bucket-owner-full-control" }));
    });
  });

  describe("of the public", () => {
    const block = (
      BlockPublicAcls: boolean,
      IgnorePublicAcls: boolean,
      BlockPublicPolicy: boolean,
      RestrictPublicBuckets: boolean,
    ) =>
      s3.send(
        new PutPublicAccessBlockCommand({
          Bucket: bucket.name,
          PublicAccessBlockConfiguration: {
            BlockPublicAcls,
            IgnorePublicAcls,
            BlockPublicPolicy,
            RestrictPublicBuckets,
          },
        }),
      );
    before(() => own("ObjectWriter"));
    after(async () => {
      await s3.send(new DeletePublicAccessBlockCommand({ Bucket: bucket.name }));
      await s3.send(new DeleteBucketPolicyCommand({ Bucket: bucket.name }));
    });

    it("are taken away by each of the four blocks", async () => {
      await s3.send(new PutObjectCommand({ ...at("blocked"), Body: "x", ACL: "public-read" }));
      await block(true, false, false, false);
      expect((await refusal(s3.send(new PutObjectAclCommand({ ...at("blocked"), ACL: "public-read" })))).code).to.equal(
        "AccessDenied",
      );
      expect((await anonymous("GET", `/${bucket.name}/blocked`)).status).to.equal(200);
      await block(false, true, false, false);
      expect((await anonymous("GET", `/${bucket.name}/blocked`)).status).to.equal(403);
      await policy(allow("s3:GetObject", arn("/*")));
      expect((await anonymous("GET", `/${bucket.name}/secret`)).status).to.equal(200);
      await block(false, false, true, false);
      expect((await refusal(policy(allow("s3:GetObject", arn("/*"))))).code).to.equal("AccessDenied");
      await block(false, false, false, true);
      expect((await anonymous("GET", `/${bucket.name}/secret`)).status).to.equal(403);
      expect(
        (await s3.send(new GetPublicAccessBlockCommand({ Bucket: bucket.name }))).PublicAccessBlockConfiguration,
      ).to.deep.equal({
        BlockPublicAcls: false,
        IgnorePublicAcls: false,
        BlockPublicPolicy: false,
        RestrictPublicBuckets: true,
      });
    });
  });

  it("of a new bucket are set with its creation, and what is deleted is no more", async () => {
    const Bucket = freshName();
    expect(
      (
        await refusal(
          s3.send(new CreateBucketCommand({ Bucket, ACL: "public-read", ObjectOwnership: "BucketOwnerEnforced" })),
        )
      ).code,
    ).to.equal("InvalidBucketAclWithObjectOwnership");
    await s3.send(new CreateBucketCommand({ Bucket, ObjectOwnership: "BucketOwnerPreferred" }));
    try {
      expect((await s3.send(new GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls?.Rules).to.deep.equal(
        [{ ObjectOwnership: "BucketOwnerPreferred" }],
      );
      await s3.send(new DeleteBucketOwnershipControlsCommand({ Bucket }));
      expect((await refusal(s3.send(new GetBucketOwnershipControlsCommand({ Bucket })))).code).to.equal(
        "OwnershipControlsNotFoundError",
      );
      await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
      expect((await refusal(s3.send(new GetPublicAccessBlockCommand({ Bucket })))).code).to.equal(
        "NoSuchPublicAccessBlockConfiguration",
      );
      expect((await s3.send(new GetBucketAclCommand({ Bucket }))).Grants?.[0]?.Grantee?.ID).to.equal(ownId);
      expect((await refusal(alt.send(new PutBucketAclCommand({ Bucket, ACL: "public-read" })))).status).to.equal(403);
    } finally {
      await removeBucket(Bucket);
    }
  });

  it("to create, list and own need a name", async () => {
    expect(await anonymous("PUT", `/${freshName()}`)).to.include({ status: 403, code: "AccessDenied" });
    expect(await anonymous("GET", "/")).to.include({ status: 403, code: "AccessDenied" });
    expect(
      await send({ method: "GET", path: `/${bucket.name}`, headers: { "x-amz-expected-bucket-owner": altId } }),
    ).to.include({ status: 403 });
    expect(
      (await send({ method: "GET", path: `/${bucket.name}`, headers: { "x-amz-expected-bucket-owner": ownId } }))
        .status,
    ).to.equal(200);
  });
});
