/** Why a peer's request is not served: the `code` and `msg` of the answer's envelope. */
export class Refusal extends Error {
  constructor(
    readonly code: 400 | 403 | 404 | 405 | 416 | 500 | 503 | 504,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "Refusal";
  }
}

/** The form of every answer of a CESS gateway that is not a file's bytes. */
export interface Envelope {
  readonly code: number;
  readonly msg: string;
  readonly data: unknown;
}

/** Parses another gateway's envelope; undefined for anything else. */
export function readEnvelope(text: string): Pick<Envelope, "code"> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("code" in value) || typeof value.code !== "number")
      return undefined;
    return { code: value.code };
  } catch {
    return undefined;
  }
}
