import { createHash } from "node:crypto";
import { expect } from "chai";
import { DamagedDocument, type DocumentName } from "../../../src/model/bucket-documents.js";
import { bucketPolicy } from "../../support/bucket-policy.js";
import { element, S3Endpoint } from "../../support/s3-endpoint.js";

describe("A bucket with a damaged document", () => {
  const endpoint = new S3Endpoint();
  const md5 = (body: string) => ({ "content-md5": createHash("md5").update(body).digest("base64") });
  const tagging = (value: string) =>
    `<Tagging><TagSet><Tag><Key>k</Key><Value>${value}</Value></Tag></TagSet></Tagging>`;
  const open = bucketPolicy("box", { actions: "s3:*" }).text;
  before(async () => {
    await endpoint.start();
    await endpoint.signed({ method: "PUT", path: "/box" });
    await endpoint.signed({ method: "PUT", path: "/box/key", body: "content" });
    await endpoint.signed({ method: "PUT", path: "/other" });
    const put = (path: string, body: string) => endpoint.signed({ method: "PUT", path, headers: md5(body), body });
    await put("/box?tagging", tagging("v"));
    await put("/box?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
    for (const name of ["publicAccessBlock", "ownershipControls"])
      await endpoint.signed({ method: "DELETE", path: `/box?${name}` });
  });
  beforeEach(async () => {
    expect((await endpoint.signed({ method: "PUT", path: "/box?policy", body: open })).status).to.equal(204);
    expect((await endpoint.raw({ path: "/box/key" })).body, "everybody may read").to.equal("content");
    endpoint.failures.length = 0;
  });
  after(() => endpoint.stop());

  function expectLogged(name: DocumentName): void {
    expect(endpoint.failures.length).to.be.greaterThan(0);
    for (const fields of endpoint.failures) {
      const { err } = fields as { err: unknown };
      expect(err).to.be.instanceOf(DamagedDocument);
      expect((err as DamagedDocument).message)
        .to.contain("bucket box")
        .and.to.contain(name);
    }
  }

  const damages: readonly (readonly [DocumentName, string, string])[] = [
    ["policy", "{", "a policy that is not JSON"],
    ["policy", "", "an empty policy"],
    ["policy", '{"Statement":[]}', "a policy without a statement"],
    ["policy", open.replace('"Effect":"Allow"', '"Effect":"allow"'), "a policy with another effect"],
    ["policy", open.replace("}", ',"Extra":1}'), "a policy with an unknown member"],
    ["policy", open.replaceAll("box", "another"), "another bucket's policy"],
    ["acl", '{"owner":7}', "an ACL of another shape"],
    ["ownershipControls", "Everybody", "an ownership that there is not"],
    ["publicAccessBlock", "{}", "a public access block without its members"],
    ["requestPayment", "Nobody", "a payer that there is not"],
  ];
  for (const [name, text, what] of damages) {
    it(`opens to nobody by ${what}: InternalError, and the log names bucket and document`, async () => {
      await endpoint.setDocument("box", name, text);
      for (const request of [
        { method: "GET", path: "/box/key" },
        { method: "GET", path: "/box/missing" },
        { method: "GET", path: "/box?list-type=2" },
        { method: "PUT", path: "/box/new", body: "new" },
        { method: "DELETE", path: "/box/key" },
      ]) {
        const answers = [await endpoint.raw(request), await endpoint.signed(request)];
        for (const { status, body } of answers)
          expect([status, element(body, "Code")], `${request.method} ${request.path}`).to.deep.equal([
            500,
            "InternalError",
          ]);
        for (const { body } of answers) expect(body, "what is wrong inside is not told").not.to.match(/damaged|Zod/);
      }
      expectLogged(name);
      await endpoint.setDocument("box", name, name === "policy" ? open : undefined);
      expect((await endpoint.raw({ path: "/box/key" })).body).to.equal("content");
    });
  }

  it("deletes none of several objects by a damaged policy, and says InternalError", async () => {
    await endpoint.setDocument("box", "policy", "{");
    const body = "<Delete><Object><Key>key</Key></Object></Delete>";
    const request = { method: "POST", path: "/box?delete", headers: md5(body), body };
    for (const answer of [await endpoint.raw(request), await endpoint.signed(request)])
      expect(element(answer.body, "Code")).to.equal("InternalError");
    await endpoint.setDocument("box", "policy", open);
    expect((await endpoint.raw({ path: "/box/key" })).body).to.equal("content");
  });

  it("loses no version by a write where its versioning is damaged: InternalError until its owner sets it anew", async () => {
    const status = (text: string) => `<VersioningConfiguration><Status>${text}</Status></VersioningConfiguration>`;
    const put = (path: string, body: string) => endpoint.signed({ method: "PUT", path, body });
    await put("/box?versioning", status("Enabled"));
    await endpoint.setDocument("box", "versioning", "enabled");
    for (const [method, path] of [
      ["PUT", "/box/key"],
      ["DELETE", "/box/key"],
      ["GET", "/box?versioning"],
    ] as const) {
      const { status, body } = await endpoint.signed({ method, path, ...(method === "PUT" ? { body: "new" } : {}) });
      expect([status, element(body, "Code")], `${method} ${path}`).to.deep.equal([500, "InternalError"]);
    }
    expectLogged("versioning");
    expect((await endpoint.raw({ path: "/box/key" })).body).to.equal("content");
    expect((await put("/box?versioning", status("Enabled"))).status).to.equal(200);
    expect((await put("/box/key", "content")).headers).to.have.property("x-amz-version-id");
    expect((await endpoint.raw({ path: "/box/key" })).body).to.equal("content");
  });

  it("gives its other documents and its objects, as do the other buckets", async () => {
    for (const [name, path] of [
      ["cors", "cors"],
      ["website", "website"],
      ["logging", "logging"],
    ] as const) {
      await endpoint.setDocument("box", name, '{"unheardOf":1}');
      const refused = await endpoint.signed({ path: `/box?${path}` });
      expect([refused.status, element(refused.body, "Code")], name).to.deep.equal([500, "InternalError"]);
      expectLogged(name);
      endpoint.failures.length = 0;
      expect((await endpoint.signed({ path: "/box?tagging" })).body).to.contain("<Value>v</Value>");
      expect((await endpoint.signed({ path: "/box?versioning" })).body).to.contain("Enabled");
      expect((await endpoint.signed({ path: "/box?policy" })).body).to.equal(open);
      expect((await endpoint.raw({ path: "/box/key" })).body).to.equal("content");
      expect((await endpoint.signed({ path: "/other?location" })).status).to.equal(200);
      expect(endpoint.failures).to.deep.equal([]);
    }
  });

  it("is whole again when its owner sets the document anew, or deletes it", async () => {
    await endpoint.setDocument("box", "tagging", "{");
    expect((await endpoint.signed({ path: "/box?tagging" })).status).to.equal(500);
    const body = tagging("new");
    const put = await endpoint.signed({ method: "PUT", path: "/box?tagging", headers: md5(body), body });
    expect(put.status).to.equal(204);
    expect((await endpoint.signed({ path: "/box?tagging" })).body).to.contain("<Value>new</Value>");
    await endpoint.setDocument("box", "cors", "{");
    expect((await endpoint.signed({ method: "DELETE", path: "/box?cors" })).status).to.equal(204);
    expect((await endpoint.signed({ path: "/box?cors" })).status).to.equal(404);
  });
});
