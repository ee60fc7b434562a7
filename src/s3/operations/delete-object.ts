import type { DeleteObjectOutput, DeleteObjectRequest } from "@aws-sdk/client-s3";
import type { Preconditions } from "../../model/precondition.js";
import { onObject } from "../access-rules.js";
import type { Operation, Served } from "../operation.js";
import { deleteConditions } from "../wire/conditions.js";
import { bypassesGovernance } from "../wire/lock-headers.js";
import { versionId } from "../wire/paging.js";
import { defined } from "../../model/defined.js";

type Input = Pick<Served<DeleteObjectRequest>, "Key" | "VersionId"> & {
  readonly Preconditions: Preconditions | undefined;
  readonly BypassGovernanceRetention: boolean;
};

/** Deleting an object that does not exist succeeds, as on AWS. */
export const deleteObject: Operation<Input, DeleteObjectOutput> = {
  name: "DeleteObject",
  match: { method: "DELETE", scope: "object" },
  access: onObject("s3:DeleteObject"),
  parse: ({ key, query, headers }) => ({
    Key: key,
    VersionId: versionId(query),
    Preconditions: deleteConditions(headers),
    BypassGovernanceRetention: bypassesGovernance(headers),
  }),
  async run({ objects }, { Key: key, VersionId, Preconditions, BypassGovernanceRetention }, call) {
    const name = defined({ key, versionId: VersionId });
    const deletion = await objects.delete(call, name, Preconditions, BypassGovernanceRetention);
    return { VersionId: deletion.versionId, DeleteMarker: deletion.deleteMarker };
  },
  render: ({ VersionId, DeleteMarker }) => ({
    status: 204,
    headers: { "x-amz-version-id": VersionId, "x-amz-delete-marker": DeleteMarker === true ? "true" : undefined },
  }),
};
