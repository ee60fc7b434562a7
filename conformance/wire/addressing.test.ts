import { request } from "node:http";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import aws4 from "aws4";
import { expect } from "chai";
import { s3, target, useBucket } from "../support/target.js";

/** The host is only a header here: it need not resolve. */
function getFrom(host: string, path: string): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(target.endpoint);
  const signed = aws4.sign(
    { service: "s3", region: target.region, method: "GET", host, path, headers: { host } },
    target,
  );
  return new Promise((resolve, reject) => {
    request({ host: hostname, port, path, headers: signed.headers as Record<string, string> }, (answer) => {
      let body = "";
      answer
        .setEncoding("utf8")
        .on("data", (chunk: string) => (body += chunk))
        .on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
    })
      .on("error", reject)
      .end();
  });
}

const { domain } = target;
const describeIf = domain === undefined ? describe.skip : describe;

describeIf("virtual-host style addressing", () => {
  const bucket = useBucket();
  before(() => s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "dir/key", Body: "found" })));

  it("finds a bucket in the Host header", async () => {
    const { port } = new URL(target.endpoint);
    expect(await getFrom(`${bucket.name}.${domain}:${port}`, "/dir/key")).to.deep.equal({ status: 200, body: "found" });
    expect((await getFrom(`${bucket.name}.${domain}:${port}`, "/?list-type=2")).body).to.contain("<Key>dir/key</Key>");
  });

  it("finds it in the path under the plain domain", async () => {
    const { port } = new URL(target.endpoint);
    expect(await getFrom(`${domain}:${port}`, `/${bucket.name}/dir/key`)).to.deep.equal({ status: 200, body: "found" });
  });
});
