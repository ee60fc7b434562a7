import { z } from "zod";
import { wholeNumber, yesNo } from "./quantity.js";

/** What a lost gateway is made again from: docs/journal.md. */
export const journalSchema = z.strictObject({
  enabled: yesNo.default(true),
  /** The account, by name, that journals are charged to; by default the first one. */
  account: z.string().min(1).optional(),
  /** Seconds that a change of the catalog waits for a journal, at most. */
  maxAgeSeconds: wholeNumber({ min: 1, max: 7 * 86_400 }).default(900),
  /** Seconds between two looks whether another gateway, made from this one's journals, goes on in its place. */
  fenceSeconds: wholeNumber({ min: 1, max: 3600 }).default(60),
});
