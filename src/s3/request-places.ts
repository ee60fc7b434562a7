import { S3Error } from "../gateway/s3-error.js";

export interface PlaceLimits {
  /** Requests served at a time; more are answered SlowDown. */
  readonly maxRequests: number;
  /** How many of them may come from clients that have not proved who they are; more are answered SlowDown. */
  readonly maxAnonymousRequests: number;
}

/** One request's place among those that are served. */
export interface Place {
  /** The requester is known: the place no longer counts among the anonymous ones. */
  identify(): void;
  /** SlowDown when the anonymous ones are too many. To be asked before an anonymous request may take its time. */
  requireAnonymousRoom(): void;
  /** The place is free again. Nothing that is asked of it after that counts. */
  leave(): void;
}

/** Counts the requests that are served, so that clients without an identity cannot take the places of the others. */
export class RequestPlaces {
  private serving = 0;
  private anonymous = 0;

  constructor(private readonly limits: PlaceLimits) {}

  /** SlowDown when all places are taken. */
  enter(): Place {
    if (this.serving >= this.limits.maxRequests) throw new S3Error("SlowDown");
    this.serving++;
    let counted = false;
    let left = false;
    const uncount = () => {
      if (counted) this.anonymous--;
      counted = false;
    };
    return {
      identify: uncount,
      requireAnonymousRoom: () => {
        if (counted || left) return;
        if (this.anonymous >= this.limits.maxAnonymousRequests) throw new S3Error("SlowDown");
        this.anonymous++;
        counted = true;
      },
      leave: () => {
        if (left) return;
        left = true;
        uncount();
        this.serving--;
      },
    };
  }
}
