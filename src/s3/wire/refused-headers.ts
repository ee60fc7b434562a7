import { S3Error } from "../../gateway/s3-error.js";
import type { Headers } from "./headers.js";

const notImplemented = (header: string) =>
  new S3Error("NotImplemented", {
    message: "A header you provided implies functionality that is not implemented.",
    fields: { Header: header },
  });

/** Headers that ask for what is not offered. Passing over them would be a lie: the client would believe it has it. */
const refused: readonly {
  readonly begins: string;
  readonly harmless?: RegExp;
  readonly refuse: (header: string) => S3Error;
}[] = [{ begins: "x-amz-write-offset-bytes", refuse: notImplemented }];

export function screenHeaders(headers: Headers): void {
  for (const { begins, harmless, refuse } of refused) {
    for (const [rest, value] of headers.withPrefix(begins)) {
      if (!harmless?.test(value)) throw refuse(begins + rest);
    }
  }
}
