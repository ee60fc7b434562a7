import type { ByteStream } from "../../streams/byte-stream.js";
import { onObject } from "../access-rules.js";
import type { Operation } from "../operation.js";
import { objectKey, parseRead, readOutput, renderRead, type ReadInput, type ReadOutput } from "./read-object.js";

export const getObject: Operation<ReadInput, ReadOutput & { readonly Body: ByteStream }> = {
  name: "GetObject",
  match: { method: "GET", scope: "object" },
  access: onObject("s3:GetObject"),
  parse: parseRead,
  async run({ objects }, input, call) {
    const result = await objects.get(call, objectKey(input), input.Read);
    return Object.assign(readOutput(result, input), { Body: result.body });
  },
  render: (output) => Object.assign(renderRead(output), { body: output.Body }),
};
