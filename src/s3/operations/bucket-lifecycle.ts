import { S3Error } from "../../model/errors.js";
import type { LifecycleConfiguration } from "../../model/lifecycle.js";
import type { Operation } from "../operation.js";
import { lifecycleDocument, readLifecycle, writeLifecycle } from "../wire/lifecycle-document.js";
import { xmlResponse } from "../xml-response.js";

const MINIMUM_SIZE = "x-amz-transition-default-minimum-object-size";
const minimumSizes = ["all_storage_classes_128K", "varies_by_storage_class"] as const;

export const getBucketLifecycleConfiguration: Operation<string, LifecycleConfiguration> = {
  name: "GetBucketLifecycleConfiguration",
  match: { method: "GET", scope: "bucket", query: ["lifecycle"] },
  access: "read",
  parse: ({ bucket }) => bucket,
  run: ({ lifecycles }, bucket, call) => lifecycles.get(call, bucket),
  render: ({ rules, transitionDefaultMinimumObjectSize }) =>
    xmlResponse(lifecycleDocument, writeLifecycle(rules), { [MINIMUM_SIZE]: transitionDefaultMinimumObjectSize }),
};

interface Input {
  readonly bucket: string;
  readonly configuration: LifecycleConfiguration;
}

export const putBucketLifecycleConfiguration: Operation<Input, string> = {
  name: "PutBucketLifecycleConfiguration",
  match: { method: "PUT", scope: "bucket", query: ["lifecycle"] },
  access: "owner",
  // Room for a thousand rules, each with an ID and a long prefix.
  digested: true,
  document: 4 * 1024 * 1024,
  parse({ bucket, document, headers }) {
    if (document === "") throw new S3Error("MissingRequestBodyError");
    const asked = headers.get(MINIMUM_SIZE) ?? minimumSizes[0];
    const transitionDefaultMinimumObjectSize = minimumSizes.find((size) => size === asked);
    if (!transitionDefaultMinimumObjectSize)
      throw new S3Error("InvalidArgument", {
        fields: { ArgumentName: MINIMUM_SIZE, ArgumentValue: asked.slice(0, 100) },
      });
    return { bucket, configuration: { rules: readLifecycle(document), transitionDefaultMinimumObjectSize } };
  },
  async run({ lifecycles }, { bucket, configuration }, call) {
    await lifecycles.set(call, bucket, configuration);
    return configuration.transitionDefaultMinimumObjectSize;
  },
  render: (size) => ({ status: 200, headers: { [MINIMUM_SIZE]: size } }),
};

export const deleteBucketLifecycle: Operation<string, void> = {
  name: "DeleteBucketLifecycle",
  match: { method: "DELETE", scope: "bucket", query: ["lifecycle"] },
  access: "owner",
  parse: ({ bucket }) => bucket,
  run: ({ lifecycles }, bucket, call) => lifecycles.delete(call, bucket),
  render: () => ({ status: 204, headers: {} }),
};
