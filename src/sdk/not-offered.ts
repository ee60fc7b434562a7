import { Refusal } from "../peers/refusal.js";

/** Refusal 501 for what the other program has and this one does not. */
export function notOffered(what: string): Refusal {
  return new Refusal(501, `this gateway does not offer ${what}`);
}
