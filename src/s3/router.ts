import type { RequestPattern } from "./operation.js";
import type { RequestHead } from "./request.js";

export interface Routed {
  readonly match: RequestPattern;
}

type Scope = RequestPattern["scope"];

/** A parameter or header that must be there; with `value`, be that, or of a header begin with it. */
interface Wanted {
  readonly name: string;
  readonly value: string | undefined;
}

/** A row with its pattern taken apart: requests are many, and rows are not. */
interface Route<Row> {
  readonly row: Row;
  readonly query: readonly Wanted[];
  readonly header: Wanted | undefined;
}

/** What stands in patterns and names no sub-resource: these may come with any operation. */
const ordinary = new Set(["annotationName", "id", "list-type", "partNumber", "uploadId", "x-id"]);

function wanted(text: string): Wanted {
  const [name = "", value] = text.split("=");
  return { name, value };
}

function specificity({ query, header }: RequestPattern): number {
  return (query?.length ?? 0) * 2 + (header ? 1 : 0);
}

/**
 * Finds the row whose pattern a request fits; of several, the most specific: CopyObject and UploadPart before
 * PutObject. A pattern fits only where no other sub-resource is asked for: who deletes an object's ACL does not mean
 * the object.
 */
export class Router<Row extends Routed> {
  /** By scope and method, the most specific first. */
  private readonly routes = new Map<string, Route<Row>[]>();
  private readonly subresources = new Map<Scope, Set<string>>();

  constructor(rows: readonly Row[]) {
    for (const row of [...rows].sort((a, b) => specificity(b.match) - specificity(a.match))) {
      const { method, scope, query = [], header } = row.match;
      const route = { row, query: query.map(wanted), header: header === undefined ? undefined : wanted(header) };
      this.routes.set(`${scope} ${method}`, [...(this.routes.get(`${scope} ${method}`) ?? []), route]);
      const named = route.query.map(({ name }) => name).filter((name) => !ordinary.has(name));
      this.subresources.set(scope, new Set([...(this.subresources.get(scope) ?? []), ...named]));
    }
  }

  match(head: RequestHead, scope: Scope): Row | undefined {
    const asked = head.query.names().filter((name) => this.subresources.get(scope)?.has(name) === true);
    return this.routes
      .get(`${scope} ${head.method}`)
      ?.find(
        ({ query, header }) =>
          asked.every((name) => query.some((parameter) => parameter.name === name)) &&
          query.every(({ name, value }) =>
            value === undefined ? head.query.has(name) : head.query.get(name) === value,
          ) &&
          (header === undefined || head.headers.get(header.name)?.startsWith(header.value ?? "") === true),
      )?.row;
  }
}
