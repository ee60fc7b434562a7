import { z } from "zod";
import { fileURLToPath } from "node:url";
import { bytes } from "./quantity.js";

/** Where bodies are staged, beside the data folder. */
export type StagingPlace =
  | { readonly kind: "file"; readonly path: string }
  | {
      readonly kind: "s3";
      readonly bucket: string;
      /** Of the keys; empty, or ends with a slash. */
      readonly prefix: string;
      /** Undefined: AWS's of the region. */
      readonly endpoint: string | undefined;
      readonly region: string | undefined;
    };

const FORMS = "must be file:///path or s3://bucket/prefix?endpoint=https://…&region=…";
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Throws Error, with what is wrong, for a text that is no place for staged bytes. */
export function stagingPlace(text: string): StagingPlace {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "file:") {
    if (url.host !== "" || url.search !== "" || url.hash !== "")
      throw new Error("must be file:///path: a folder of this machine, with three slashes");
    return { kind: "file", path: fileURLToPath(url) };
  }
  if (url?.protocol !== "s3:") throw new Error(FORMS);
  if (url.username !== "" || url.password !== "")
    throw new Error("must not have credentials in it: put them into a file and name it in staging.credentialsFile");
  if (!BUCKET.test(url.host)) throw new Error(`has no bucket's name: ${FORMS}`);
  for (const name of url.searchParams.keys())
    if (name !== "endpoint" && name !== "region") throw new Error(`knows endpoint and region only, and not ${name}`);
  const endpoint = url.searchParams.get("endpoint") ?? undefined;
  if (endpoint !== undefined && !(URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol)))
    throw new Error("must have an endpoint that begins with http:// or https://");
  const prefix = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, "");
  return {
    kind: "s3",
    bucket: url.host,
    prefix: prefix === "" ? "" : `${prefix}/`,
    endpoint,
    region: url.searchParams.get("region") ?? undefined,
  };
}

/** Where bodies are until the network has them: docs/deployment.md. */
export const stagingSchema = z
  .strictObject({
    /**
     * `file:///path`: a folder on a file system that all gateways of the catalog share; `s3://bucket/prefix?endpoint=…&region=…`:
     * a bucket of any S3 store. Without it `blobs` in `dataDir`, which no other gateway sees.
     */
    url: z
      .string()
      .min(1)
      .superRefine((text, context) => {
        try {
          stagingPlace(text);
        } catch (error) {
          context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
        }
      })
      .optional(),
    /** A JSON file with `accessKeyId`, `secretAccessKey` and perhaps `sessionToken`; else the AWS SDK's usual places. */
    credentialsFile: z.string().min(1).optional(),
    /** Bytes of bodies in memory on their way to an S3 store. */
    memory: bytes.prefault("256MiB"),
    /** Bytes of small objects just written that each process keeps in memory, for reads. */
    recent: bytes.prefault("64MiB"),
    /** Bytes of local copies that are made of an S3 store's while segments are coded, in `spool` in `dataDir`. */
    spool: bytes.prefault("1GiB"),
  })
  .prefault({});

export type StagingConfig = Readonly<z.output<typeof stagingSchema>>;
