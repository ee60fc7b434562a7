import { S3Error } from "../gateway/s3-error.js";

export interface PlaceLimits {
  /** Limit of requests that are served at the same time. Further ones get SlowDown. */
  readonly maxRequests: number;
  /** Limit of those from clients that have not been authenticated. Further ones get SlowDown. */
  readonly maxAnonymousRequests: number;
}

/** A request's place among those that are served. */
export interface Place {
  /** The requester was authenticated: the place no longer counts as anonymous. */
  identify(): void;
  /** Counts the place as anonymous. Throws SlowDown if there are too many. Call it before reading an anonymous body. */
  requireAnonymousRoom(): void;
  /** The place is free again. Nothing that is asked of it after that counts. */
  leave(): void;
}

/** Counts the requests that are served, so that anonymous clients cannot take all places. */
export class RequestPlaces {
  private serving = 0;
  private anonymous = 0;

  constructor(private readonly limits: PlaceLimits) {}

  /** Throws SlowDown if all places are taken. */
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
