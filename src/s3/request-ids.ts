import { randomBytes, randomUUID } from "node:crypto";

/** Identifies this process. Together with the request's ID it finds the request in the log. */
export const HOST_ID = randomBytes(48).toString("base64");

/** Sixteen digits, as on AWS. Taken from a UUID, because Node generates random bytes for UUIDs in advance, in bulk. */
export function newRequestId(): string {
  const uuid = randomUUID();
  return (uuid.slice(19, 23) + uuid.slice(24)).toUpperCase();
}
