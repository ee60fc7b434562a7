/** What the page must know before anyone has signed in. */
export interface ConsoleFacts {
  readonly region: string;
  /** The URL that shared links begin with; without it, this host with `s3Port`. */
  readonly s3Endpoint?: string;
  readonly s3Scheme: "http" | "https";
  readonly s3Port: number;
  /** Whether this listener has the operators' API, and whether it needs a token. */
  readonly operators: "absent" | "open" | "token";
}
