import type { DeleteObjectRequest } from "@aws-sdk/client-s3";
import type { Preconditions } from "../../model/precondition.js";
import type { Operation, Served } from "../operation.js";
import { writeConditions } from "../wire/conditions.js";
import { versionId } from "../wire/paging.js";

type Input = Pick<Served<DeleteObjectRequest>, "Bucket" | "Key" | "VersionId"> & { readonly Preconditions: Preconditions | undefined };

/** Deleting what is not there is a success, as in S3. */
export const deleteObject: Operation<Input, void> = {
  name: "DeleteObject",
  match: { method: "DELETE", scope: "object" },
  access: "write",
  parse: ({ bucket, key, query, headers }) => ({ Bucket: bucket, Key: key, VersionId: versionId(query), Preconditions: writeConditions(headers) }),
  run({ objects }, { Bucket: bucket, Key: key, VersionId, Preconditions }, call) {
    return objects.delete(call, { bucket, key, ...(VersionId === undefined ? {} : { versionId: VersionId }) }, Preconditions);
  },
  render: () => ({ status: 204, headers: {} }),
};
