import { systemClock } from "../../async/system-clock.js";
import type { Config } from "../../config/config.js";
import type { Gateway } from "../../gateway/gateway.js";
import { AccessTokens } from "../../sdk/access-tokens.js";
import { AccountFiles } from "../../sdk/account-files.js";
import { BatchUploads } from "../../sdk/batch-uploads.js";
import { ChunkOrder } from "../../sdk/chunk-order.js";
import { SdkApi, type SdkComponents } from "../../sdk/sdk-api.js";
import type { Accounts } from "./accounts.js";
import type { Services } from "./services.js";

/** What the keys of access tokens are derived from the master keys for. */
const ACCESS_TOKENS = "access tokens";

export interface SdkApiParts {
  readonly services: Services;
  readonly accounts: Accounts;
  readonly gateway: Gateway;
}

/** The API of the CESS SDKs; undefined when it is off. */
export function sdkApi(
  { sdk, networkBucket }: Config,
  { services, accounts, gateway }: SdkApiParts,
): SdkApi | undefined {
  if (!sdk.enabled) return undefined;
  const { catalog, keys } = services;
  const clock = systemClock;
  const tokens = new AccessTokens({ keys: keys.derive(ACCESS_TOKENS), clock });
  const files = new AccountFiles(
    {
      gateway,
      clock,
      findBucket: (name) => catalog.buckets.get(name),
      uses: (fid) => catalog.files.objectsWith(fid),
      isEncoded: async (fid) => (await catalog.files.withFid(fid)).length > 0,
    },
    { ...sdk, networkBucket },
  );
  const batches = new BatchUploads({
    files,
    tokens,
    gateway,
    order: new ChunkOrder(clock),
    catalog: {
      upload: (bucket, key, id) => catalog.uploads.get(bucket, key, id),
      parts: (id) => catalog.uploads.parts(id),
      result: (id) => catalog.uploads.result(id),
    },
  });
  const accountOf: SdkComponents["accountOf"] = (account) =>
    accounts.all.find(({ cessAccount }) => cessAccount === account);
  return new SdkApi({ clock, tokens, files, batches, accountOf }, { tokenSeconds: sdk.accessHours * 3600 });
}
