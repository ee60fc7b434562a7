import { defined } from "../../model/defined.js";
import type { Quota } from "../../model/quota.js";
import type { AdminOptions } from "../admin-client.js";

/** Options of the commands about accounts, keys and quotas. */
export interface IdentityOptions extends AdminOptions {
  readonly json?: boolean;
}

/** As text: the gateway parses and checks them. */
export interface QuotaOptions extends IdentityOptions {
  readonly bytes?: string;
  readonly objects?: string;
}

export interface KeyOptions extends IdentityOptions {
  readonly bucket?: readonly string[];
  readonly prefix?: readonly string[];
  readonly permission: string;
  readonly expires?: string;
  readonly policy?: string;
}

/** The body of a request that sets a quota. */
export function quotaBody({ bytes, objects }: QuotaOptions) {
  return defined({ bytes, objects });
}

export function quotaText({ bytes, objects }: { readonly [K in keyof Quota]: Quota[K] | undefined }): string {
  const parts = [
    ...(bytes === undefined ? [] : [`${bytes} bytes`]),
    ...(objects === undefined ? [] : [`${objects} objects`]),
  ];
  return parts.length === 0 ? "none" : parts.join(", ");
}

export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, undefined, 2));
}
