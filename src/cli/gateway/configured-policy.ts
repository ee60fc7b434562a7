import { readFileSync } from "node:fs";
import { ConfigError, reasonOf } from "../../config/config-error.js";
import { DomainError } from "../../model/errors.js";
import type { Policy } from "../../model/policy.js";
import { parseIdentityPolicy } from "../../model/policy-document.js";

/** Where the configuration has an identity policy: the document itself, or a file with it. */
export interface PolicyPlace {
  readonly policy?: string | Readonly<Record<string, unknown>> | undefined;
  readonly policyFile?: string | undefined;
}

/**
 * The identity policy that the configuration gives `owner`, such as `access key KEY`; undefined without one. `at` is where
 * its settings stand. Throws ConfigError.
 */
export function configuredPolicy({ policy, policyFile }: PolicyPlace, owner: string, at: string): Policy | undefined {
  if (policy === undefined && policyFile === undefined) return undefined;
  const key = `${at}.${policyFile === undefined ? "policy" : "policyFile"}`;
  const place = policyFile === undefined ? `policy of ${owner}` : `policyFile of ${owner}: ${policyFile}`;
  try {
    return parseIdentityPolicy(
      policyFile === undefined
        ? typeof policy === "string"
          ? policy
          : JSON.stringify(policy)
        : readFileSync(policyFile, "utf8"),
    );
  } catch (cause) {
    if (cause instanceof DomainError) throw new ConfigError(`${place}: ${cause.message}`, { cause, key });
    throw new ConfigError(`${place} cannot be read: ${reasonOf(cause)}`, { cause, key });
  }
}
