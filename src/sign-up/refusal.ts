/** Why a request about sign-up is refused: the answer's status, and a code for programs beside the words for people. */
export class SignUpRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly more: {
      /** Further members of the answer. */
      readonly members?: Readonly<Record<string, unknown>>;
      readonly headers?: Readonly<Record<string, string>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? {} : { cause: more.cause });
    this.name = "SignUpRefusal";
  }
}

/** 429. */
export function tooOften(waitMs: number): SignUpRefusal {
  const seconds = Math.ceil(waitMs / 1000);
  return new SignUpRefusal(429, "TooManyRequests", `Too many requests: try again in ${seconds} s.`, {
    headers: { "retry-after": String(seconds) },
  });
}
