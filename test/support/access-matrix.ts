import { createHmac } from "node:crypto";
import type { AccessRequest, Gateway, RequestCall } from "../../src/gateway/gateway.js";
import { S3Error } from "../../src/gateway/s3-error.js";
import type { AccessKey, Account, CessAccount, KeyLimits } from "../../src/model/account.js";
import type { DocumentSet } from "../../src/model/bucket-documents.js";
import { ALL_USERS, type Grant } from "../../src/model/acl.js";
import { GIB } from "../../src/model/sizes.js";
import type { AnyOperation } from "../../src/s3/operation.js";
import { bucketPolicy } from "./bucket-policy.js";
import { alice, bob, body, plainly, type TestGateway } from "./test-gateway.js";

export const carol: Account = {
  id: "c".repeat(64),
  displayName: "carol",
  cessAccount: "cXcarol" as CessAccount,
  territory: "home",
};

/** Who asks in a column of the matrix, of which bucket, about which upload. */
export interface Column {
  readonly name: string;
  readonly bucket: string;
  /** Undefined: nobody. */
  readonly account?: Account;
  readonly limits?: KeyLimits;
}

export const KEY = "in/key";

/** The bucket's owner is alice. Uploads were initiated by her, and in `begun` by bob. */
export const columns: readonly Column[] = [
  { name: "owner", bucket: "plain", account: alice },
  { name: "policy", bucket: "by-policy", account: bob },
  { name: "acl", bucket: "by-acl", account: bob },
  { name: "nobody", bucket: "open" },
  { name: "stranger", bucket: "plain", account: bob },
  { name: "bucket", bucket: "plain", account: alice, limits: { buckets: ["plain"] } },
  { name: "elsewhere", bucket: "plain", account: alice, limits: { buckets: ["another"] } },
  { name: "prefix", bucket: "plain", account: alice, limits: { prefixes: ["in/"] } },
  { name: "outside", bucket: "plain", account: alice, limits: { prefixes: ["out/"] } },
  { name: "reading", bucket: "plain", account: alice, limits: { permission: "read" } },
  { name: "writing", bucket: "plain", account: alice, limits: { permission: "write" } },
  { name: "expired", bucket: "plain", account: alice, limits: { expiresAt: 1 } },
  { name: "initiator", bucket: "begun", account: bob },
  { name: "other", bucket: "begun", account: carol },
  { name: "its owner", bucket: "begun", account: alice },
];

const full = (grantee: Grant["grantee"]): Grant[] => [
  { grantee: { id: alice.id }, permission: "FULL_CONTROL" },
  { grantee, permission: "FULL_CONTROL" },
];
const open = (grantee: Grant["grantee"]): DocumentSet => ({
  ownershipControls: "ObjectWriter",
  acl: { owner: alice.id, grants: full(grantee) },
});
const documents: Readonly<Record<string, DocumentSet>> = {
  plain: {},
  "by-policy": { policy: bucketPolicy("by-policy", { account: bob, actions: "s3:*" }) },
  "by-acl": open({ id: bob.id }),
  open: { ...open({ group: ALL_USERS }), policy: bucketPolicy("open", { actions: "s3:*" }) },
  // Bob may put objects and no more; carol may do all that a policy can allow.
  begun: {
    policy: bucketPolicy("begun", { account: bob, actions: "s3:PutObject" }, { account: carol, actions: "s3:*" }),
  },
};

/** Buckets with an object and an upload in each; the uploads' IDs by bucket. */
export async function furnish(fixture: TestGateway): Promise<ReadonlyMap<string, string>> {
  const uploads = new Map<string, string>();
  fixture.chain.addTerritory(carol.cessAccount, carol.territory, BigInt(GIB));
  const client = new AbortController();
  for (const [name, set] of Object.entries(documents)) {
    const { bucket } = await fixture.catalog.buckets.create({ name, owner: alice.id, region: "us-east-1" }, set);
    const call = { account: alice, client, bucket };
    const { id } = await fixture.cess.objects.put(call, KEY, body(Buffer.from("x")), plainly);
    if (set.acl) await fixture.catalog.objects.setAcl(id, set.acl);
    const initiator = name === "begun" ? bob : alice;
    const upload = await fixture.catalog.uploads.create({
      id: `upload-of-${name}`,
      bucket: name,
      key: KEY,
      owner: initiator.id,
      content: {},
      metadata: {},
    });
    uploads.set(name, upload.id);
  }
  return uploads;
}

/** The access keys of a column, as `cess-s3` itself keeps them: an expired one is as if it did not exist. */
export function keyOf({ name, account, limits }: Column): AccessKey | undefined {
  if (!account) return undefined;
  return { accessKeyId: `key-${name}`, secretAccessKey: `secret-${name}`, account, ...(limits ? { limits } : {}) };
}

/** A gateway that decides as the real one, and then stops: `permitted` instead of carrying anything out. */
export function decidingOnly(gateway: Gateway): Gateway & { readonly asked: AccessRequest[] } {
  const asked: AccessRequest[] = [];
  return {
    ...gateway,
    documents: gateway.documents,
    asked,
    access: {
      async permit(call: RequestCall) {
        asked.push(call.access);
        await gateway.access.permit(call);
        throw new S3Error("ServiceUnavailable", { message: "permitted" });
      },
    },
  };
}

/** A request that the operation's row matches, and no other row. */
export function requestFor(
  { match }: AnyOperation,
  bucket: string,
  upload: string,
): { readonly method: string; readonly path: string; readonly headers: Record<string, string> } {
  const values: Readonly<Record<string, string>> = { uploadId: upload, partNumber: "1", prefix: "in/" };
  const query = (match.query ?? []).map((name) =>
    name.includes("=") || values[name] === undefined ? name : `${name}=${values[name]}`,
  );
  if (match.scope === "bucket" && match.method === "GET") query.push("prefix=in/");
  const path = match.scope === "service" ? "/" : match.scope === "bucket" ? `/${bucket}` : `/${bucket}/${KEY}`;
  const header = match.header?.split("=", 2);
  return {
    method: match.method,
    path: query.length > 0 ? `${path}?${query.join("&")}` : path,
    headers: header ? { [header[0]!]: header[0] === "x-amz-copy-source" ? `${bucket}/${KEY}` : (header[1] ?? "") } : {},
  };
}

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** A form that uploads a file, signed where there is a key. */
export function formFor(bucket: string, key: AccessKey | undefined, now: number): { type: string; body: string } {
  const fields: Record<string, string> = { key: KEY };
  if (key) {
    const stamp = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, "");
    const scope = [stamp.slice(0, 8), "us-east-1", "s3", "aws4_request"];
    Object.assign(fields, {
      "x-amz-algorithm": "AWS4-HMAC-SHA256",
      "x-amz-credential": `${key.accessKeyId}/${scope.join("/")}`,
      "x-amz-date": stamp,
    });
    const conditions = [{ bucket }, ...Object.entries(fields).map(([name, value]) => ({ [name]: value }))];
    const expiration = new Date(now + 3_600_000).toISOString();
    const policy = Buffer.from(JSON.stringify({ expiration, conditions })).toString("base64");
    const signing = scope.reduce<string | Buffer>(hmac, `AWS4${key.secretAccessKey}`);
    Object.assign(fields, { policy, "x-amz-signature": hmac(signing, policy).toString("hex") });
  }
  const part = (disposition: string, value: string) =>
    `--BOUNDARY\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
  const parts = Object.entries(fields).map(([name, value]) => part(`name="${name}"`, value));
  return {
    type: "multipart/form-data; boundary=BOUNDARY",
    body: `${parts.join("")}${part('name="file"; filename="f"', "x")}--BOUNDARY--\r\n`,
  };
}
