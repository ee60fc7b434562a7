import {
  DeleteBucketCorsCommand,
  GetBucketCorsCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { refusal, s3, useBucket } from "../support/target.js";

const rule = {
  AllowedOrigins: ["https://*.good.example"],
  AllowedMethods: ["GET", "PUT"],
  AllowedHeaders: ["x-amz-*", "content-type"],
  ExposeHeaders: ["ETag"],
  MaxAgeSeconds: 60,
};

describe("CORS", () => {
  const bucket = useBucket();
  const origin = "https://app.good.example";
  const ask = (headers: Record<string, string>) =>
    send({ method: "OPTIONS", path: `/${bucket.name}/k`, sign: false, headers });

  it("is refused where nothing is set", async () => {
    expect((await refusal(s3.send(new GetBucketCorsCommand({ Bucket: bucket.name })))).code).to.equal(
      "NoSuchCORSConfiguration",
    );
    expect(await ask({ origin, "access-control-request-method": "GET" })).to.include({
      status: 403,
      code: "AccessForbidden",
    });
  });

  it("answers a preflight by the first rule that fits", async () => {
    await s3.send(
      new PutBucketCorsCommand({
        Bucket: bucket.name,
        CORSConfiguration: { CORSRules: [rule, { AllowedOrigins: ["*"], AllowedMethods: ["HEAD"] }] },
      }),
    );
    expect((await s3.send(new GetBucketCorsCommand({ Bucket: bucket.name }))).CORSRules?.[0]).to.deep.include(rule);
    const good = await ask({
      origin,
      "access-control-request-method": "PUT",
      "access-control-request-headers": "X-Amz-Date, content-type",
    });
    expect(good.status).to.equal(200);
    expect(good.headers).to.include({
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "GET, PUT",
      "access-control-allow-headers": "x-amz-date, content-type",
      "access-control-expose-headers": "ETag",
      "access-control-max-age": "60",
      "access-control-allow-credentials": "true",
    });
    expect(good.headers.vary).to.contain("Origin");
    expect(
      (await ask({ origin: "https://else.example", "access-control-request-method": "HEAD" })).headers[
        "access-control-allow-origin"
      ],
    ).to.equal("*");
    expect((await ask({ origin: "https://evil.example", "access-control-request-method": "GET" })).status).to.equal(
      403,
    );
    expect((await ask({ origin, "access-control-request-method": "DELETE" })).status).to.equal(403);
    expect(
      (await ask({ origin, "access-control-request-method": "GET", "access-control-request-headers": "authorization" }))
        .status,
    ).to.equal(403);
    expect(await ask({ origin })).to.include({ status: 400, code: "BadRequest" });
    expect(await ask({ "access-control-request-method": "GET" })).to.include({ status: 400, code: "BadRequest" });
  });

  it("goes with the answers themselves, errors too, and only to who may read them", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "k", Body: "x" }));
    const good = await send({ method: "GET", path: `/${bucket.name}/k`, headers: { origin } });
    expect(good.headers).to.include({ "access-control-allow-origin": origin, "access-control-expose-headers": "ETag" });
    const missing = await send({ method: "GET", path: `/${bucket.name}/none`, headers: { origin } });
    expect([missing.status, missing.headers["access-control-allow-origin"]]).to.deep.equal([404, origin]);
    expect(
      (await send({ method: "GET", path: `/${bucket.name}/k`, headers: { origin: "https://evil.example" } })).headers[
        "access-control-allow-origin"
      ],
    ).to.equal(undefined);
  });

  it("is refused when it is wrong, and forgotten when it is deleted", async () => {
    const put = (more: object) =>
      refusal(
        s3.send(
          new PutBucketCorsCommand({ Bucket: bucket.name, CORSConfiguration: { CORSRules: [{ ...rule, ...more }] } }),
        ),
      );
    expect((await put({ AllowedMethods: ["PATCH"] })).code).to.equal("InvalidRequest");
    expect((await put({ AllowedOrigins: ["https://*.*"] })).code).to.equal("InvalidRequest");
    expect((await put({ ID: "x".repeat(256) })).code).to.equal("InvalidRequest");
    await s3.send(new DeleteBucketCorsCommand({ Bucket: bucket.name }));
    expect(await ask({ origin, "access-control-request-method": "GET" })).to.include({ status: 403 });
  });
});
