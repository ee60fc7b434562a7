/** An answer of the gateway that is no success, or none; `message` is for people, and printed without a trace. */
export class AdminError extends Error {
  constructor(
    message: string,
    /** 0 when nothing answered. */
    readonly status: number,
    options: ErrorOptions = {},
  ) {
    super(message, options);
    this.name = "AdminError";
  }
}
