/**
 * One thing that was looked at. `ok` and `failed` are of what was to be checked; `note` is what the person should know,
 * and neither. `text` may have been written by strangers.
 */
export interface Check {
  readonly about: string;
  readonly result: "ok" | "failed" | "note";
  readonly text: string;
}

export const ok = (about: string, text: string): Check => ({ about, result: "ok", text });
export const failed = (about: string, text: string): Check => ({ about, result: "failed", text });
export const note = (about: string, text: string): Check => ({ about, result: "note", text });

/** `ok` with one text, or `failed` with the other. */
export const judged = (about: string, good: boolean, yes: string, no: string): Check =>
  good ? ok(about, yes) : failed(about, no);
