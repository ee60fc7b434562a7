/** Where a routing rule sends who asks; what is absent stays as it was asked for. */
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
  /** The rule is about answers with this error, and not about the question. */
  readonly errorStatus?: number;
  readonly redirect: WebsiteRedirect;
}

/** How a bucket is shown to browsers. */
export type WebsiteConfiguration =
  | { readonly redirectAll: Required<Pick<WebsiteRedirect, "host">> & Pick<WebsiteRedirect, "protocol"> }
  | {
      /** Put behind a key that is empty or ends with a slash. */
      readonly index: string;
      /** The key of what is shown for errors 4xx. */
      readonly error?: string;
      readonly rules: readonly RoutingRule[];
    };

/** The first rule for this key before it is read, or, with `errorStatus`, after reading it failed so. */
export function routingRule(rules: readonly RoutingRule[], key: string, errorStatus?: number): RoutingRule | undefined {
  return rules.find((rule) => rule.errorStatus === errorStatus && key.startsWith(rule.prefix ?? ""));
}

/** The key a rule sends to. */
export function routedKey({ prefix = "", redirect }: RoutingRule, key: string): string {
  if (redirect.replaceKeyWith !== undefined) return redirect.replaceKeyWith;
  return redirect.replacePrefixWith === undefined ? key : redirect.replacePrefixWith + key.slice(prefix.length);
}
