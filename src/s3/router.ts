import type { RequestPattern } from "./operation.js";
import type { RequestHead } from "./request.js";

export interface Routed {
  readonly match: RequestPattern;
}

type Scope = RequestPattern["scope"];

function specificity({ query, header }: RequestPattern): number {
  return (query?.length ?? 0) * 2 + (header ? 1 : 0);
}

function fitsParameter(head: RequestHead, wanted: string): boolean {
  const [name = "", value] = wanted.split("=");
  return value === undefined ? head.query.has(name) : head.query.get(name) === value;
}

function fitsHeader(head: RequestHead, wanted: string): boolean {
  const [name = "", beginning = ""] = wanted.split("=");
  return head.headers.get(name)?.startsWith(beginning) ?? false;
}

/** Finds the row whose pattern a request fits; of several, the most specific: CopyObject and UploadPart before PutObject. */
export class Router<Row extends Routed> {
  readonly #rows: readonly Row[];

  constructor(rows: readonly Row[]) {
    this.#rows = [...rows].sort((a, b) => specificity(b.match) - specificity(a.match));
  }

  match(head: RequestHead, scope: Scope): Row | undefined {
    return this.#rows.find(({ match }) =>
      match.method === head.method && match.scope === scope
      && (match.query ?? []).every((wanted) => fitsParameter(head, wanted))
      && (match.header === undefined || fitsHeader(head, match.header)));
  }
}
