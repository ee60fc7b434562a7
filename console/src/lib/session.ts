import { computed, effect, signal } from "@preact/signals";
import { t } from "../texts.js";
import { Admin } from "./admin.js";
import { isOver } from "./failure.js";
import type { ConsoleFacts } from "../../../src/console/facts.js";
import { S3 } from "./s3.js";
import type { Credentials } from "./sign.js";

/*
 * Who has signed in. Secrets are in this tab's memory; in its sessionStorage only where the person asks for that. There
 * are no cookies.
 */

const STORED = "cess-s3.session";

interface Stored {
  readonly credentials?: Credentials;
  readonly token?: string;
}

export const facts = signal<ConsoleFacts | undefined>(undefined);
export const s3 = signal<S3 | undefined>(undefined);
const token = signal<string | undefined>(undefined);
/** Why the person must sign in again. */
export const notice = signal("");
/** The operators' API, for those who may use it: by its token, or because the listener asks for none. */
export const admin = computed<Admin | undefined>(() => {
  if (token.value !== undefined) return new Admin(token.value);
  return facts.value?.operators === "open" && (s3.value || openOperator.value) ? new Admin(undefined) : undefined;
});
const openOperator = signal(false);
export const isSignedIn = computed(() => s3.value !== undefined || admin.value !== undefined);
let remember = false;

/** Asks what the page must know, and takes up what this tab remembers. */
export async function begin(): Promise<void> {
  const answer = await fetch("/console/gateway.json", { credentials: "omit" });
  if (!answer.ok) throw new Error(await answer.text());
  const known = (await answer.json()) as ConsoleFacts;
  const stored = JSON.parse(sessionStorage.getItem(STORED) ?? "{}") as Stored;
  remember = sessionStorage.getItem(STORED) !== null;
  facts.value = known;
  if (stored.credentials) s3.value = new S3(stored.credentials, known);
  if (stored.token !== undefined) token.value = stored.token;
  effect(() => {
    const held = { credentials: s3.value?.credentials, token: token.value };
    if (remember && (held.credentials ?? held.token) !== undefined)
      sessionStorage.setItem(STORED, JSON.stringify(held));
    else sessionStorage.removeItem(STORED);
  });
}

/** Throws Failure where the gateway does not take the key. A key that may not list buckets is a good one. */
export async function signIn(credentials: Credentials, keep: boolean): Promise<void> {
  if (!facts.value) return;
  const candidate = new S3(credentials, facts.value);
  await candidate.buckets().catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "AccessDenied")) throw error;
  });
  remember = keep;
  notice.value = "";
  s3.value = candidate;
}

/** Throws Failure where the token is wrong. */
export async function signInOperator(given: string | undefined, keep: boolean): Promise<void> {
  await new Admin(given).get("/health/ready").catch((error: unknown) => {
    // A gateway that is not ready says so with 503, and to operators alone why.
    if (!(error instanceof Error && "status" in error && error.status === 503)) throw error;
  });
  remember = keep;
  notice.value = "";
  if (given === undefined) openOperator.value = true;
  else token.value = given;
}

export function signOut(why = ""): void {
  remember = false;
  s3.value = undefined;
  token.value = undefined;
  openOperator.value = false;
  sessionStorage.removeItem(STORED);
  notice.value = why;
}

/** Whether a failure ended the session: then the page asks to sign in again, and says why. */
export function endedBy(error: unknown): boolean {
  if (!isOver(error) || !isSignedIn.value) return false;
  signOut(`${t.sessionOver} ${error.message}`);
  return true;
}
