import type { AclRequest } from "../../model/acl.js";
import type { NamedAcl, ObjectName } from "../../gateway/gateway.js";
import { S3Error } from "../../model/errors.js";
import type { Operation, S3Response } from "../operation.js";
import type { S3Request } from "../request.js";
import { aclHeaders, readAcl, writeAcl } from "../wire/acl.js";
import { versionId } from "../wire/paging.js";

/** Most bytes of an ACL: room for a hundred grants with much white space. */
const MAX_DOCUMENT = 128 * 1024;

const objectName = ({ bucket, key, query }: S3Request): ObjectName => {
  const id = versionId(query);
  return { bucket, key, ...(id === undefined ? {} : { versionId: id }) };
};

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

export const getBucketAcl: Operation<string, NamedAcl> = {
  name: "GetBucketAcl",
  match: { method: "GET", scope: "bucket", query: ["acl"] },
  access: "read",
  parse: ({ bucket }) => bucket,
  run: ({ permissions }, bucket, call) => permissions.bucketAcl(call, bucket),
  render,
};

export const putBucketAcl: Operation<{ readonly bucket: string; readonly acl: AclRequest }, void> = {
  name: "PutBucketAcl",
  match: { method: "PUT", scope: "bucket", query: ["acl"] },
  access: "owner",
  document: MAX_DOCUMENT,
  parse: (request) => ({ bucket: request.bucket, acl: wanted(request) }),
  run: ({ permissions }, { bucket, acl }, call) => permissions.setBucketAcl(call, bucket, acl),
  render: done,
};

export const getObjectAcl: Operation<ObjectName, NamedAcl> = {
  name: "GetObjectAcl",
  match: { method: "GET", scope: "object", query: ["acl"] },
  access: "read",
  parse: objectName,
  run: ({ permissions }, name, call) => permissions.objectAcl(call, name),
  render,
};

export const putObjectAcl: Operation<{ readonly name: ObjectName; readonly acl: AclRequest }, void> = {
  name: "PutObjectAcl",
  match: { method: "PUT", scope: "object", query: ["acl"] },
  access: "owner",
  document: MAX_DOCUMENT,
  parse: (request) => ({ name: objectName(request), acl: wanted(request) }),
  run: ({ permissions }, { name, acl }, call) => permissions.setObjectAcl(call, name, acl),
  render: done,
};
