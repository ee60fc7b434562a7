import { S3Error } from "../../gateway/s3-error.js";
import type { WireDocument } from "../document-operations.js";
import { lifecycleDocument, readLifecycle, writeLifecycle } from "../wire/lifecycle-document.js";
import { xmlResponse } from "../xml-response.js";

const MINIMUM_SIZE = "x-amz-transition-default-minimum-object-size";
const minimumSizes = ["all_storage_classes_128K", "varies_by_storage_class"] as const;

export const bucketLifecycle: WireDocument<"lifecycle"> = {
  document: "lifecycle",
  query: "lifecycle",
  get: { name: "GetBucketLifecycleConfiguration", action: "s3:GetLifecycleConfiguration" },
  put: {
    name: "PutBucketLifecycleConfiguration",
    action: "s3:PutLifecycleConfiguration",
    // A thousand rules, each with an ID and a long prefix.
    maxBytes: 4 * 1024 * 1024,
    digested: true,
  },
  delete: { name: "DeleteBucketLifecycle", action: "s3:PutLifecycleConfiguration" },
  read(text, { headers }) {
    const asked = headers.get(MINIMUM_SIZE) ?? minimumSizes[0];
    const transitionDefaultMinimumObjectSize = minimumSizes.find((size) => size === asked);
    if (!transitionDefaultMinimumObjectSize)
      throw new S3Error("InvalidArgument", {
        fields: { ArgumentName: MINIMUM_SIZE, ArgumentValue: asked.slice(0, 100) },
      });
    return { rules: readLifecycle(text), transitionDefaultMinimumObjectSize };
  },
  write: ({ rules, transitionDefaultMinimumObjectSize }) =>
    xmlResponse(lifecycleDocument, writeLifecycle(rules), { [MINIMUM_SIZE]: transitionDefaultMinimumObjectSize }),
  written: (configuration) => ({ [MINIMUM_SIZE]: configuration?.transitionDefaultMinimumObjectSize }),
};
