import type { Logger } from "pino";
import type { AuditLog } from "../../admin/audit-log.js";
import { Semaphore } from "../../async/semaphore.js";
import { systemClock } from "../../async/system-clock.js";
import { TokenBuckets } from "../../async/token-buckets.js";
import type { Config } from "../../config/config.js";
import type { Clock } from "../../model/clock.js";
import { TerritoryReader } from "../../network/chain/territory-reader.js";
import { walletsReady } from "../../network/chain/wallets.js";
import { Authorizations } from "../../sign-up/authorizations.js";
import { CHALLENGE_KEYS, Challenges } from "../../sign-up/challenge.js";
import { SignUpHandler } from "../../sign-up/sign-up-handler.js";
import { SignUpService } from "../../sign-up/sign-up-service.js";
import type { SignUpChain } from "../../sign-up/sign-up.js";
import type { Accounts } from "./accounts.js";
import { bucketRate, clientAddress, clientNetwork } from "./request-rates.js";
import type { Services } from "./services.js";
import { SignedUpAccounts } from "./signed-up-accounts.js";

/** How long a challenge may be signed, ms. */
const CHALLENGE_MS = 5 * 60_000;
/** Requests that wait for others of their account. */
const MAX_WAITING = 256;

type SignUpConfig = Pick<Config, "signUp" | "region" | "trustProxy">;

interface Parts {
  readonly accounts: Accounts;
  readonly audit: AuditLog;
  readonly log: Pick<Logger, "warn">;
}

export interface SignUpParts extends Parts, Pick<Services, "catalog" | "keys"> {
  readonly limits?: Services["limits"];
  readonly chain: SignUpChain;
  readonly clock: Clock;
}

type SignUpServices = Pick<Services, "catalog" | "chain" | "keys" | "session"> & Partial<Pick<Services, "limits">>;

/**
 * Sign-up with a wallet, for a listener to hang in under `SignUpHandler.PATH`; undefined where it is off. `endpoint`:
 * the S3 listener's URL, which clients are told where the configuration names no other.
 */
export async function signUpHandler(
  config: SignUpConfig,
  { services, ...parts }: Parts & { readonly services: SignUpServices },
  endpoint: () => string,
): Promise<SignUpHandler | undefined> {
  if (!config.signUp.enabled) return undefined;
  const { catalog, keys, limits } = services;
  return openSignUp(
    config,
    { ...parts, catalog, keys, limits, chain: signUpChain(services), clock: systemClock },
    endpoint,
  );
}

/** Sign-up over these parts. */
export async function openSignUp(
  { signUp, region, trustProxy }: SignUpConfig,
  { catalog, keys, chain, accounts, audit, log, clock, limits }: SignUpParts,
  endpoint: () => string,
): Promise<SignUpHandler> {
  await walletsReady();
  const { gateway = "", rate, origins, authorizationsPerDay } = signUp;
  const challenges = new Challenges(
    { keys: keys.derive(CHALLENGE_KEYS), catalog: (await catalog.mark.read()).catalog, clock },
    { gateway, validMs: CHALLENGE_MS },
  );
  const shared = {
    chain,
    identities: new SignedUpAccounts({ accounts, catalog, keys, clock }),
    audit,
    clock,
    turns: new Semaphore({ permits: Infinity, permitsPerGroup: 1, waiting: MAX_WAITING }),
    rate: new TokenBuckets(clock, bucketRate(rate)),
  };
  const authorizations = new Authorizations({ ...shared, paid: catalog.signUps }, { authorizationsPerDay });
  const service = new SignUpService(
    { ...shared, challenges, authorizations, used: catalog.signUps },
    { ...signUp, region, endpoint: () => signUp.endpoint ?? endpoint() },
  );
  const addresses = new TokenBuckets(clock, bucketRate(rate));
  limits?.add("sign-up-account", shared.rate);
  limits?.add("sign-up-address", addresses);
  return new SignUpHandler(
    {
      service,
      authorizations,
      log,
      addressOf: (request) => clientAddress(request, trustProxy),
      rate: { take: (address) => addresses.take(clientNetwork(address)) },
    },
    { origins },
  );
}

function signUpChain({ chain, session }: Pick<Services, "chain" | "session">): SignUpChain {
  return {
    account: chain.account,
    authorized: (owner) => chain.authorized(owner),
    finalizedBlock: () => chain.finalizedBlock(),
    takesAuthorizations: (type) => chain.takesAuthorizations(type),
    authorizeByProxy: (signed, options) => chain.authorizeByProxy(signed, options),
    genesis: () => session.genesis(),
    territories: (owner) => new TerritoryReader(session).territories(owner),
  };
}
