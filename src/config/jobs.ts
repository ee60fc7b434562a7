import { z } from "zod";
import { wholeNumber } from "./quantity.js";

/** Background work that several gateways share. */
export const jobsSchema = z.strictObject({
  /**
   * Seconds for which a gateway leases a job, or the right to run a worker; extended while it works. So long after a
   * gateway has died its work goes on at another one.
   */
  leaseSeconds: wholeNumber({ min: 5, max: 600 }).default(30),
});
