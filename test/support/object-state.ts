import {
  HeadObjectCommand,
  type HeadObjectCommandInput,
  type HeadObjectCommandOutput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { eventually } from "./eventually.js";

export interface ObjectState {
  readonly fid: string | undefined;
  readonly state: string | undefined;
  readonly reports: string | undefined;
  readonly redundancy: string | undefined;
  readonly replication: string | undefined;
  readonly head: HeadObjectCommandOutput;
}

/** HEAD with its answer's headers, of which the SDK hides those that are ours. */
export async function headWithHeaders(
  client: S3Client,
  input: HeadObjectCommandInput,
): Promise<{ readonly head: HeadObjectCommandOutput; readonly headers: Record<string, string> }> {
  const command = new HeadObjectCommand(input);
  let headers: Record<string, string> = {};
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      headers = (result.response as { headers: Record<string, string> }).headers;
      return result;
    },
    { step: "deserialize", priority: "low" },
  );
  return { head: await client.send(command), headers };
}

/** HEAD, with `more` of its members. */
export async function objectState(
  client: S3Client,
  Bucket: string,
  Key: string,
  more: Partial<HeadObjectCommandInput> = {},
): Promise<ObjectState> {
  const { head, headers } = await headWithHeaders(client, { Bucket, Key, ...more });
  return {
    fid: headers["x-cess-fid"],
    state: headers["x-cess-state"],
    reports: headers["x-cess-reports"],
    redundancy: headers["x-cess-redundancy"],
    replication: head.ReplicationStatus,
    head,
  };
}

export function untilStored(
  client: S3Client,
  bucket: string,
  key: string,
  timeoutMs = 60_000,
  more: Partial<HeadObjectCommandInput> = {},
): Promise<ObjectState> {
  return eventually(
    `${bucket}/${key} is stored`,
    async () => {
      const seen = await objectState(client, bucket, key, more);
      return seen.state === "stored" ? seen : undefined;
    },
    timeoutMs,
  );
}
