import type { ObjectVersion } from "../../model/object.js";
import { S3Error } from "../s3-error.js";

/** The version is marked: what it needs is not there any more. */
export function damagedObject({ key }: ObjectVersion): S3Error {
  return new S3Error("InternalError", {
    message: "Bytes of this object that are staged on the gateway's disk are damaged. Put the object again.",
    resource: key,
    headers: { "x-cess-state": "damaged" },
  });
}
