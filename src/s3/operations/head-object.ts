import type { Operation } from "../operation.js";
import { objectName, parseRead, readOutput, renderRead, type ReadInput, type ReadOutput } from "./read-object.js";

export const headObject: Operation<ReadInput, ReadOutput> = {
  name: "HeadObject",
  match: { method: "HEAD", scope: "object" },
  access: "read",
  parse: parseRead,
  async run({ objects }, input, call) {
    return readOutput(await objects.head(call, objectName(input), input.Read), input);
  },
  render: renderRead,
};
