import type { RequestPattern } from "./operation.js";
import type { RequestHead } from "./request.js";

/** A row that the router can find. */
export interface Routed {
  readonly match: RequestPattern;
}

type Scope = RequestPattern["scope"];

/** A required parameter or header. With `value`, the parameter must equal it, and the header must begin with it. */
interface Requirement {
  readonly name: string;
  readonly value: string | undefined;
}

/** A row with its pattern parsed in advance. */
interface Route<Row> {
  readonly row: Row;
  readonly query: readonly Requirement[];
  readonly header: Requirement | undefined;
}

/** Parameters in patterns that name no sub-resource. They may come with any operation. */
const ordinary = new Set(["annotationName", "id", "list-type", "partNumber", "uploadId", "x-id"]);

function requirement(text: string): Requirement {
  const [name = "", value] = text.split("=");
  return { name, value };
}

function specificity({ query, header }: RequestPattern): number {
  return (query?.length ?? 0) * 2 + (header ? 1 : 0);
}

/**
 * Finds the row whose pattern matches a request. The most specific pattern wins: CopyObject and UploadPart before
 * PutObject. A pattern that lacks a sub-resource of the request does not match: a DELETE of an object's ACL must not
 * delete the object.
 */
export class Router<Row extends Routed> {
  /** Routes by scope and method, the most specific first. */
  private readonly routes = new Map<string, Route<Row>[]>();
  private readonly subresources = new Map<Scope, Set<string>>();

  constructor(rows: readonly Row[]) {
    for (const row of [...rows].sort((a, b) => specificity(b.match) - specificity(a.match))) {
      const { method, scope, query = [], header } = row.match;
      const route = {
        row,
        query: query.map(requirement),
        header: header === undefined ? undefined : requirement(header),
      };
      this.routes.set(`${scope} ${method}`, [...(this.routes.get(`${scope} ${method}`) ?? []), route]);
      const named = route.query.map(({ name }) => name).filter((name) => !ordinary.has(name));
      this.subresources.set(scope, new Set([...(this.subresources.get(scope) ?? []), ...named]));
    }
  }

  match(head: RequestHead, scope: Scope): Row | undefined {
    const requested = head.query.names().filter((name) => this.subresources.get(scope)?.has(name) === true);
    return this.routes
      .get(`${scope} ${head.method}`)
      ?.find(
        ({ query, header }) =>
          requested.every((name) => query.some((parameter) => parameter.name === name)) &&
          query.every(({ name, value }) =>
            value === undefined ? head.query.has(name) : head.query.get(name) === value,
          ) &&
          (header === undefined || head.headers.get(header.name)?.startsWith(header.value ?? "") === true),
      )?.row;
  }
}
