import { z } from "zod";
import { rateSchema } from "./listener-settings.js";
import { wholeNumber } from "./quantity.js";

/** What clients of the S3 endpoint may take of it. */
export const limitsSchema = z
  .strictObject({
    /** Connections at a time; further ones are closed as they come. */
    maxConnections: wholeNumber({ min: 1, max: 1_000_000 }).default(4096),
    /** Requests served at a time; further ones are answered SlowDown. */
    maxRequests: wholeNumber({ min: 1, max: 1_000_000 }).default(1024),
    /** How many of them may be without a signature that was verified. */
    maxAnonymousRequests: wholeNumber({ min: 1, max: 1_000_000 }).default(256),
    /** Seconds in which a request's head must have come. */
    headerSeconds: wholeNumber({ min: 1, max: 3600 }).default(60),
    /** Seconds in which a document, or a form up to its file, must have come whole. */
    documentSeconds: wholeNumber({ min: 1, max: 3600 }).default(60),
    /** Seconds in which something of a body must come. */
    bodyIdleSeconds: wholeNumber({ min: 1, max: 3600 }).default(60),
    /** Requests of one access key; further ones are answered SlowDown. */
    perKey: rateSchema.prefault({}),
    /** Requests of one client address, or of one /64 network of IPv6. */
    perAddress: rateSchema.prefault({}),
  })
  .refine(({ maxRequests, maxAnonymousRequests }) => maxAnonymousRequests <= maxRequests, {
    path: ["maxAnonymousRequests"],
    error: "must not be above maxRequests",
  });

/** What happens between SIGTERM and the end of the process: docs/deployment.md. */
export const shutdownSchema = z.strictObject({
  /** Seconds that requests are still taken after `/health/ready` has become 503, for load balancers to notice. */
  delaySeconds: wholeNumber({ min: 0, max: 3600 }).default(5),
  /** Seconds that running requests then have to finish. */
  drainSeconds: wholeNumber({ min: 0, max: 86_400 }).default(30),
});
