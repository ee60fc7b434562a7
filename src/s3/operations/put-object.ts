import type { PutObjectOutput, PutObjectRequest } from "@aws-sdk/client-s3";
import type { Body, PutSettings } from "../../gateway/gateway.js";
import type { Durability } from "../../model/object.js";
import { onObject } from "../access-rules.js";
import type { Operation, Served } from "../operation.js";
import { aclHeaders } from "../wire/acl.js";
import { checksumHeaders, checksumMembers } from "../wire/checksum-headers.js";
import { writeConditions } from "../wire/conditions.js";
import { contentHeaders } from "../wire/content-headers.js";
import { durabilityHeaders } from "../wire/durability-headers.js";
import { customerOf, encryptionAnswer, encryptionRequest, type EncryptionMembers } from "../wire/encryption-headers.js";
import { quoted } from "../wire/etag.js";
import { expirationText } from "../wire/expiration-header.js";
import { lockHeaders } from "../wire/lock-headers.js";
import { userMetadata } from "../wire/metadata-headers.js";
import { requireNoPart } from "../wire/paging.js";
import { taggingHeader } from "../wire/tagging.js";
import { writtenVersionId } from "../wire/version-headers.js";
import { defined } from "../../model/defined.js";

type Input = Pick<Served<PutObjectRequest>, "Bucket" | "Key"> & { readonly Body: Body; readonly Settings: PutSettings };
type Output = PutObjectOutput & { readonly Durability: Durability; readonly Encryption: EncryptionMembers };

export const putObject: Operation<Input, Output> = {
  name: "PutObject",
  match: { method: "PUT", scope: "object" },
  access: onObject("s3:PutObject", { creates: "object" }),
  parse(request) {
    const preconditions = writeConditions(request.headers);
    const tags = taggingHeader(request.headers);
    const lock = lockHeaders(request.headers);
    const acl = aclHeaders(request.headers);
    const encryption = encryptionRequest(request.headers);
    const { body } = request;
    requireNoPart(request.query);
    return {
      Bucket: request.bucket,
      Key: request.key,
      Body: body,
      Settings: defined({
        content: contentHeaders(request.headers),
        metadata: userMetadata(request.headers),
        tags,
        lock,
        acl,
        encryption,
        preconditions,
      }),
    };
  },
  async run({ objects }, { Key: key, Body, Settings }, call) {
    const { etag, checksum, size, durability, versionId, expiry, encryption } = await objects.put(
      call,
      key,
      Body,
      Settings,
    );
    return {
      ETag: quoted(etag),
      Size: size,
      ...checksumMembers(checksum),
      VersionId: writtenVersionId(versionId),
      Expiration: expirationText(expiry),
      Durability: durability,
      Encryption: { encryption, customer: customerOf(Settings.encryption) },
    };
  },
  render: (output) => ({
    status: 200,
    headers: {
      ETag: output.ETag,
      "x-amz-version-id": output.VersionId,
      "x-amz-expiration": output.Expiration,
      ...encryptionAnswer(output.Encryption),
      ...checksumHeaders(output),
      ...durabilityHeaders(output.Durability),
    },
  }),
};
