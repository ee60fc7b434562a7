import { isProblem } from "../../model/errors.js";
import { S3Error } from "../s3-error.js";

/** An object that is replaced again and again is given up after so many attempts. */
const ATTEMPTS = 5;

/**
 * Finds the version that a key has and uses it; again, while that version is gone before it is used: the key may have
 * another one by then. A failure to find one is passed on at once.
 */
export async function whileReplaced<Found, Used>(
  find: () => Promise<Found>,
  use: (found: Found) => Promise<Used>,
): Promise<Used> {
  for (let attempt = 1; ; attempt++) {
    const found = await find();
    try {
      return await use(found);
    } catch (error) {
      const gone = (error instanceof S3Error && error.kind === "NoSuchKey") || isProblem(error, "copySourceDeleted");
      if (!gone || attempt === ATTEMPTS) throw error;
    }
  }
}
