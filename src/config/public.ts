import { z } from "zod";
import { isHash, type Fid } from "../model/hash.js";
import { rateSchema } from "./listener-settings.js";
import { bytes, decimalNumber, listenAddress, wholeNumber, yesNo } from "./quantity.js";

/** Bytes of a gateway's URL that the chain has room for. */
const ENDPOINT_BYTES = 50;

const fid = z
  .string()
  .refine(isHash, "must be a FID: 64 hex digits, letters in lower case")
  .transform((text) => text as Fid);

/** The listener for everyone: docs/public-gateway.md. */
export const publicSchema = z
  .strictObject({
    /** Where everyone may read files by FID; without it there is no such listener. */
    listen: listenAddress.optional(),
    /** The URL under which others reach it, as it is registered on the chain. */
    endpoint: z
      .url({ protocol: /^https?$/, error: "must be a URL that begins with http:// or https://" })
      .refine((url) => !/[?#@]/.test(url), "must be a URL without a query, a fragment and a user")
      .refine(
        (url) => Buffer.byteLength(url) <= ENDPOINT_BYTES,
        `must have at most ${ENDPOINT_BYTES} bytes: the chain holds no more`,
      )
      .optional(),
    /** Registers `endpoint` on the chain at the start, unless it is there already. */
    register: yesNo.default(false),
    /**
     * Which files are served: `own`, those of buckets that are tagged `cess-public=yes`; `listed`, also those of `files`
     * and `accounts`; `any`, also every other file on the network.
     */
    policy: z.enum(["own", "listed", "any"]).default("own"),
    /** FIDs of files on the network. */
    files: z.array(fid).max(100_000).default([]),
    /** CESS accounts whose files on the network are served. */
    accounts: z.array(z.string().min(1)).max(10_000).default([]),
    /** Files are shown in browsers as what they are, web pages as well; else they are downloads. */
    web: yesNo.default(false),
    /** Requests of one client address, or of one /64 network of IPv6. */
    perAddress: rateSchema
      .extend({ requestsPerSecond: decimalNumber({ min: 0, max: 1_000_000 }).default(20) })
      .prefault({}),
    /** Files sent at a time, and to one address. */
    downloads: wholeNumber({ min: 1, max: 100_000 }).default(64),
    downloadsPerAddress: wholeNumber({ min: 1, max: 100_000 }).default(8),
    /** Bytes of files a day, spread over its hours; 0: no limit. */
    bytesPerDay: bytes.prefault("100GiB"),
  })
  .superRefine(({ listen, endpoint, register, policy, files, accounts }, context) => {
    const fault = (key: string, message: string) => context.addIssue({ code: "custom", path: [key], message });
    if (register && endpoint === undefined) fault("endpoint", "is missing: register needs it");
    if (register && listen === undefined) fault("listen", "is missing: register needs it");
    if (policy === "own" && files.length > 0) fault("files", "needs policy: listed");
    if (policy === "own" && accounts.length > 0) fault("accounts", "needs policy: listed");
  });

/** The gateway API of the CESS SDKs, on the public listener. */
export const sdkSchema = z.strictObject({
  enabled: yesNo.default(false),
  /** Name of the bucket of what comes this way: of each account's own, this name and the begin of its ID. */
  bucket: z
    .string()
    .regex(
      /^[a-z0-9](?:[a-z0-9-]{1,44}[a-z0-9])$/,
      "must be a bucket's name of 3 to 46 lower-case letters, digits and -",
    )
    .default("cess-sdk"),
  /**
   * `none`: files are stored as they come, as the SDKs expect: others read them by their FIDs. `default`: as the bucket or
   * `encryption.default` says, which only this gateway can read.
   */
  encryption: z.enum(["none", "default"]).default("none"),
  /** Buckets that are made for it are tagged `cess-public=yes`: the SDKs download without a token. */
  public: yesNo.default(false),
  /** Hours that a token is valid, at most. */
  accessHours: wholeNumber({ min: 1, max: 168 }).default(24),
});

export type PublicSettings = Readonly<z.output<typeof publicSchema>>;
export type SdkSettings = Readonly<z.output<typeof sdkSchema>>;
