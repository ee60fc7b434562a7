import { u8aToHex } from "@polkadot/util";
import { expect } from "chai";
import { bytesOf } from "../../support/test-gateway.js";
import { SdkFixture } from "../../support/sdk-fixture.js";

describe("The API of the CESS SDKs, as DeOSS has it", () => {
  const content = bytesOf(200_000, 43);
  let on: SdkFixture;
  before(async () => {
    on = await SdkFixture.open();
  });
  after(() => on.close());

  const put = (headers: Record<string, string>, name = "object.bin") =>
    on.ask(`/object/${name}`, { method: "PUT", headers, body: content as Uint8Array<ArrayBuffer> });
  const fidOf = ({ envelope }: { envelope: { data: unknown } }) => (envelope.data as { fid: string }).fid;

  it("takes a body as an object, and a form's file, from who signs the headers", async () => {
    const object = await put(on.signed());
    expect(object.status).to.equal(200);
    expect(object.envelope).to.include({ code: 200, msg: "ok" });
    const form = new FormData();
    form.append("file", new Blob([content]), "/home/me/form.bin");
    const file = await on.ask("/file", { method: "PUT", headers: on.signed(), body: form });
    expect(fidOf(file)).to.equal(fidOf(object));
    const bucket = on.files.bucketName(on.user);
    for (const key of ["object.bin", "form.bin"])
      expect((await on.on.gateway.catalog.objects.get(bucket, key))!.etag, key).to.equal(fidOf(object));
  });

  it("takes signatures in hex and in a wallet's wrapping, and ends in seconds, milliseconds or as a date", async () => {
    const end = on.now + 300_000;
    const messages = [
      String(Math.floor(end / 1000)),
      String(end),
      new Date(end).toISOString().slice(0, 19).replace("T", " "),
    ];
    for (const message of messages) expect((await put(on.signed(on.pair, message))).status, message).to.equal(200);
    const message = messages[0]!;
    for (const signed of [message, `<Bytes>${message}</Bytes>`]) {
      const Signature = u8aToHex(on.pair.sign(signed));
      expect((await put({ ...on.signed(), Message: message, Signature })).status).to.equal(200);
    }
  });

  it("refuses texts that bind no time, ends that are past or far, signatures of others, and strangers", async () => {
    const seconds = Math.floor(on.now / 1000);
    for (const message of ["c2f0a9e1b7d4", String(seconds - 1), String(seconds + 3_700), ""]) {
      const { status, envelope } = await put(on.signed(on.pair, message));
      expect(status, message).to.equal(403);
      expect(envelope.code).to.equal(403);
    }
    expect((await put({ ...on.signed(), Signature: "1".repeat(87) })).status).to.equal(403);
    expect((await put({ ...on.signed(on.stranger), Account: on.pair.address })).status).to.equal(403);
    expect((await put(on.signed(on.stranger))).envelope.msg).to.match(/has no account on this gateway/);
    expect((await put({})).status).to.equal(403);
    expect((await put({ ...on.signed(), Territory: "elsewhere" })).status).to.equal(400);
  });

  it("deletes the account's files with a FID, and no other's", async () => {
    const name = "gone.bin";
    const body = bytesOf(50_000, 44) as Uint8Array<ArrayBuffer>;
    const fid = fidOf(await on.ask(`/object/${name}`, { method: "PUT", headers: on.signed(), body }));
    const remove = (headers: Record<string, string>) => on.ask(`/file/${fid}`, { method: "DELETE", headers });
    expect((await remove(on.signed(on.stranger))).status).to.equal(403);
    expect((await remove({})).status).to.equal(403);
    const removed = await remove(on.signed());
    expect(removed.status).to.equal(200);
    expect(removed.envelope).to.include({ code: 200, msg: "ok" });
    expect(await on.on.gateway.catalog.objects.get(on.files.bucketName(on.user), name)).to.equal(undefined);
    expect((await remove(on.signed())).status).to.equal(404);
    expect((await on.ask("/file/abc", { method: "DELETE", headers: on.signed() })).status).to.equal(400);
  });

  it("takes a file in chunks that go on where the last one ended, and begins anew with the first byte", async () => {
    const chunk = async (start: number, end: number, name = "resumed.bin") => {
      const headers = { ...on.signed(), "Content-Range": `bytes ${start}-${end - 1}/${content.length}` };
      const body = content.subarray(start, end) as Uint8Array<ArrayBuffer>;
      const options: RequestInit = { method: "PUT", headers, body, redirect: "manual" };
      const answer = await fetch(`${on.base}/resume/${name}`, options);
      return { status: answer.status, range: answer.headers.get("content-range"), text: await answer.text() };
    };
    expect((await chunk(100_000, 200_000)).status, "it was not begun").to.equal(409);
    expect(await chunk(0, 100_000)).to.include({ status: 308, range: "bytes 0-99999/200000" });
    expect((await chunk(0, 50_000)).status).to.equal(308);
    expect((await chunk(50_000, 120_000)).status).to.equal(308);
    expect((await chunk(50_000, 120_000)).status, "the answer was lost").to.equal(308);
    const last = await chunk(120_000, 200_000);
    expect(last.status).to.equal(200);
    expect(fidOf({ envelope: JSON.parse(last.text) as { data: unknown } })).to.equal(fidOf(await put(on.signed())));
    for (const range of ["bytes 0-200000/200000", "bytes 5-4/200000", "bytes=0-5", ""]) {
      const headers = { ...on.signed(), ...(range !== "" && { "Content-Range": range }) };
      expect((await on.ask("/resume/a.bin", { method: "PUT", headers, body: "x" })).status, range).to.equal(400);
    }
  });

  it("says by name what it does not offer", async () => {
    const answer = await put({ ...on.signed(), Cipher: "open sesame" });
    expect(answer.status).to.equal(501);
    expect(answer.envelope.msg).to.match(/^this gateway does not offer /);
  });
});
