import { onObject } from "../access-rules.js";
import type { Operation } from "../operation.js";
import { objectKey, parseRead, readOutput, renderRead, type ReadInput, type ReadOutput } from "./read-object.js";

export const headObject: Operation<ReadInput, ReadOutput> = {
  name: "HeadObject",
  match: { method: "HEAD", scope: "object" },
  access: onObject("s3:GetObject"),
  parse: parseRead,
  async run({ objects }, input, call) {
    return readOutput(await objects.head(call, objectKey(input), input.Read), input);
  },
  render: renderRead,
};
