import { z } from "zod";
import { systemClock } from "../../async/system-clock.js";
import { ConfigError } from "../../config/config-error.js";
import { loadAdminConfig } from "../../config/load.js";
import { registrationSchema } from "../admin-answers.js";
import { AdminClient, type AdminOptions } from "../admin-client.js";
import { AdminError } from "../admin-error.js";
import { registrationRequest, type RegistrationSteps } from "../registration-request.js";

export interface RegisterOptions extends AdminOptions {
  readonly endpoint?: string;
  readonly remove?: boolean;
}

const POLL_MS = 1_000;

/**
 * `cess-s3 register`: this gateway in the chain's list of gateways, or not. A running gateway does it, since it signs with
 * the same account; where none runs, this process does, and holds the data folder meanwhile.
 */
export async function runRegister(options: RegisterOptions): Promise<void> {
  const endpoint = wantedEndpoint(options);
  const client = AdminClient.open(options);
  const query = endpoint === undefined ? "" : `?endpoint=${encodeURIComponent(endpoint)}`;
  const look = () => client.get(`/registration${query}`, registrationSchema);
  try {
    const plan = await look();
    describe(plan, endpoint);
    if (plan.call === undefined) return;
    await client.post("/registration", { endpoint: endpoint ?? null }, z.unknown());
    await untilDone(look);
  } catch (error) {
    if (!(error instanceof AdminError) || error.status !== 0 || options.admin !== undefined) throw error;
    // Loaded only here: the chain's client alone takes a second of processor time to load.
    const { registerAlone } = await import("../offline-registration.js");
    if (!(await registerAlone(options.config, endpoint, (plan) => describe(plan, endpoint)))) return;
  }
  console.log("done, and final on the chain");
}

/** ConfigError without an address to register. */
function wantedEndpoint({ endpoint, remove, config, admin }: RegisterOptions): string | undefined {
  if (remove) {
    if (endpoint === undefined) return undefined;
    throw new ConfigError("--remove takes the gateway off the list: leave --endpoint out");
  }
  // With --admin the configuration may be on another machine.
  const wanted = endpoint ?? (admin === undefined ? loadAdminConfig(config).public.endpoint : undefined);
  if (wanted === undefined)
    throw new ConfigError(
      "the address under which others reach this gateway is missing: name it with --endpoint https://cess.example.com, " +
        "or set public.endpoint",
    );
  const parsed = registrationRequest.safeParse({ endpoint: wanted });
  if (!parsed.success) throw new ConfigError(`--endpoint: ${parsed.error.issues[0]?.message ?? "is no URL"}`);
  return wanted;
}

function describe({ account, registered, call, feeTokens }: RegistrationSteps, endpoint: string | undefined): void {
  console.log(`account     ${account}`);
  console.log(`registered  ${registered ?? "no"}`);
  if (call === undefined) {
    console.log(endpoint === undefined ? "It is not on the list: nothing to do." : "It is on the list: nothing to do.");
    return;
  }
  console.log(`call        oss.${call}${endpoint === undefined ? "" : ` ${endpoint}`}`);
  console.log(`fee         ${feeTokens === undefined ? "not known" : `${feeTokens} tokens`}`);
  console.log("waiting until it is final…");
}

/** AdminError with the gateway's words when it failed. */
async function untilDone(look: () => Promise<z.output<typeof registrationSchema>>): Promise<void> {
  for (;;) {
    await systemClock.sleep(POLL_MS);
    const { running, failure, call } = await look();
    if (running) continue;
    if (failure !== undefined) throw new AdminError(failure, 500);
    if (call === undefined) return;
  }
}
