/** The target of a routing rule. Absent members are taken from the request. */
export interface WebsiteRedirect {
  readonly protocol?: "http" | "https";
  readonly host?: string;
  readonly replacePrefixWith?: string;
  readonly replaceKeyWith?: string;
  /** 3xx; 301 by default. */
  readonly status?: number;
}

export interface RoutingRule {
  readonly prefix?: string;
  /** The rule applies to answers with this error status, not to requests. */
  readonly errorStatus?: number;
  readonly redirect: WebsiteRedirect;
}

/** How a bucket is served as a website. */
export type WebsiteConfiguration =
  | { readonly redirectAll: Required<Pick<WebsiteRedirect, "host">> & Pick<WebsiteRedirect, "protocol"> }
  | {
      /** Appended to a key that is empty or ends with a slash. */
      readonly index: string;
      /** The key of the page for 4xx errors. */
      readonly error?: string;
      readonly rules: readonly RoutingRule[];
    };

/**
 * The first rule that matches this key: before it is read or, with `errorStatus`, after reading it failed with that
 * status.
 */
export function routingRule(rules: readonly RoutingRule[], key: string, errorStatus?: number): RoutingRule | undefined {
  return rules.find((rule) => rule.errorStatus === errorStatus && key.startsWith(rule.prefix ?? ""));
}

/** The key that a rule redirects to. */
export function routedKey({ prefix = "", redirect }: RoutingRule, key: string): string {
  if (redirect.replaceKeyWith !== undefined) return redirect.replaceKeyWith;
  return redirect.replacePrefixWith === undefined ? key : redirect.replacePrefixWith + key.slice(prefix.length);
}
