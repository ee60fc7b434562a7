import type { AclRequest } from "../../model/acl.js";
import type { NamedAcl, ObjectKey } from "../../gateway/gateway.js";
import { S3Error } from "../../gateway/s3-error.js";
import { onBucket, onObject } from "../access-rules.js";
import type { Operation, S3Response } from "../operation.js";
import type { S3Request } from "../request.js";
import { aclHeaders, readAcl, writeAcl } from "../wire/acl.js";
import { requestedObject } from "../wire/object-name.js";

/** Most bytes of an ACL: room for a hundred grants with much white space. */
const MAX_DOCUMENT = 128 * 1024;

/** The ACL in the headers or in the document. UnexpectedContent for both, MissingSecurityHeader for neither. */
function wanted({ headers, document }: S3Request): AclRequest {
  const asked = aclHeaders(headers);
  if (asked && document.trim() !== "") throw new S3Error("UnexpectedContent");
  if (asked) return asked;
  if (document.trim() === "")
    throw new S3Error("MissingSecurityHeader", {
      message: "Your request was missing a required header",
      fields: { MissingHeaderName: "x-amz-acl" },
    });
  return readAcl(document);
}

const render = (acl: NamedAcl): S3Response => ({
  status: 200,
  headers: { "Content-Type": "application/xml" },
  body: writeAcl(acl),
});
const done = (): S3Response => ({ status: 200, headers: {} });

export const getBucketAcl: Operation<undefined, NamedAcl> = {
  name: "GetBucketAcl",
  match: { method: "GET", scope: "bucket", query: ["acl"] },
  access: onBucket("s3:GetBucketAcl"),
  parse: () => undefined,
  run: ({ acls }, _input, call) => acls.getBucket(call),
  render,
};

export const putBucketAcl: Operation<AclRequest, void> = {
  name: "PutBucketAcl",
  match: { method: "PUT", scope: "bucket", query: ["acl"] },
  access: onBucket("s3:PutBucketAcl"),
  document: MAX_DOCUMENT,
  parse: wanted,
  run: ({ acls }, acl, call) => acls.setBucket(call, acl),
  render: done,
};

export const getObjectAcl: Operation<ObjectKey, NamedAcl> = {
  name: "GetObjectAcl",
  match: { method: "GET", scope: "object", query: ["acl"] },
  access: onObject("s3:GetObjectAcl"),
  parse: requestedObject,
  run: ({ acls }, name, call) => acls.getObject(call, name),
  render,
};

export const putObjectAcl: Operation<{ readonly name: ObjectKey; readonly acl: AclRequest }, void> = {
  name: "PutObjectAcl",
  match: { method: "PUT", scope: "object", query: ["acl"] },
  access: onObject("s3:PutObjectAcl"),
  document: MAX_DOCUMENT,
  parse: (request) => ({ name: requestedObject(request), acl: wanted(request) }),
  run: ({ acls }, { name, acl }, call) => acls.setObject(call, name, acl),
  render: done,
};
