import type { RequestPattern } from "./operation.js";
import type { RequestHead } from "./request.js";

export interface Routed {
  readonly match: RequestPattern;
}

type Scope = RequestPattern["scope"];

function specificity({ query, header }: RequestPattern): number {
  return (query?.length ?? 0) * 2 + (header ? 1 : 0);
}

/** What stands in patterns and names no sub-resource: these may come with any operation. */
const ordinary = new Set(["annotationName", "id", "list-type", "partNumber", "uploadId", "x-id"]);

const parameterOf = (wanted: string) => wanted.split("=", 1)[0] ?? "";

function fitsParameter(head: RequestHead, wanted: string): boolean {
  const [name = "", value] = wanted.split("=");
  return value === undefined ? head.query.has(name) : head.query.get(name) === value;
}

function fitsHeader(head: RequestHead, wanted: string): boolean {
  const [name = "", beginning = ""] = wanted.split("=");
  return head.headers.get(name)?.startsWith(beginning) ?? false;
}

/**
 * Finds the row whose pattern a request fits; of several, the most specific: CopyObject and UploadPart before PutObject.
 * A pattern fits only where no other sub-resource is asked for: who deletes an object's ACL does not mean the object.
 */
export class Router<Row extends Routed> {
  readonly #rows: readonly Row[];
  readonly #subresources = new Map<Scope, ReadonlySet<string>>();

  constructor(rows: readonly Row[]) {
    this.#rows = [...rows].sort((a, b) => specificity(b.match) - specificity(a.match));
    for (const scope of ["service", "bucket", "object"] as const) {
      const named = rows.filter(({ match }) => match.scope === scope).flatMap(({ match }) => (match.query ?? []).map(parameterOf));
      this.#subresources.set(scope, new Set(named.filter((name) => !ordinary.has(name))));
    }
  }

  match(head: RequestHead, scope: Scope): Row | undefined {
    const asked = [...(this.#subresources.get(scope) ?? [])].filter((name) => head.query.has(name));
    return this.#rows.find(({ match }) =>
      match.method === head.method && match.scope === scope && asked.every((name) => match.query?.some((wanted) => parameterOf(wanted) === name) === true)
      && (match.query ?? []).every((wanted) => fitsParameter(head, wanted))
      && (match.header === undefined || fitsHeader(head, match.header)));
  }
}
