import { PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { send } from "../support/signed.js";
import { s3, useBucket } from "../support/target.js";

describe("GetObjectReceipt", () => {
  const bucket = useBucket();
  const ask = (key: string, method = "GET") => send({ method, path: `/${bucket.name}/${key}?x-cess-receipt` });

  it("answers with a signed document, or says in which state the object is that is not stored yet", async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "fresh", Body: "x" }));
    const { status, code, headers, body } = await ask("fresh");
    if (status === 200) {
      expect(headers["content-type"]).to.equal("application/json");
      expect(JSON.parse(body)).to.include({ type: "cess-s3-receipt", version: 1 });
    } else {
      expect({ status, code }).to.deep.equal({ status: 403, code: "InvalidObjectState" });
      expect(headers["x-cess-state"]).to.match(/^(staged|encoded|declared|placed)$/);
    }
  });

  it("refuses what there is not, what is empty, and other methods", async () => {
    expect(await ask("absent")).to.include({ status: 404, code: "NoSuchKey" });
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "empty", Body: "" }));
    expect(await ask("empty")).to.include({ status: 400, code: "InvalidRequest" });
    await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: "kept", Body: "x" }));
    expect((await ask("kept", "DELETE")).status).to.be.greaterThan(399);
    expect((await send({ method: "GET", path: `/${bucket.name}/kept` })).body).to.equal("x");
  });
});
