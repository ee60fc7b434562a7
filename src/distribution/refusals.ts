import type { Account } from "../model/account.js";
import type { ChainRefusal, RefusalKind, Territory } from "../network/chain/chain.js";
import { CHARGED_PER_SEGMENT, MIB } from "../model/sizes.js";

/** How a refusal reads to the owner, and whether asking again later can help. */
export interface Verdict {
  readonly permanent: boolean;
  readonly text: string;
}

const advice: Readonly<Record<RefusalKind, ((account: Account, gateway: string) => string) | undefined>> = {
  malformed: undefined,
  existed: undefined,
  other: undefined,
  notAuthorized,
  noTerritory: territoryMissing,
  territoryFull,
  territoryInactive,
  tooManyFiles: ({ cessAccount }) => `the account ${cessAccount} holds as many files as the chain allows`,
  tooManyEntries: ({ cessAccount }) => `the account ${cessAccount} or the file has as many entries as the chain allows`,
  spaceNotInUse: ({ territory }) =>
    `the chain would give back more space than territory ${territory} has in use; it accepts the deletion once the territory holds other files`,
  paused: () => "the chain has paused this call",
};

/**
 * Reads a refusal for the job and for the user. Only an order that is malformed is refused for good. Any other refusal
 * may be temporary, so the order is tried again: giving up a file needlessly is worse than paying a fee.
 */
export function judge({ kind, section, reason }: ChainRefusal, account: Account, gateway: string): Verdict {
  const name = `${section}.${reason}`;
  const text = advice[kind]?.(account, gateway);
  return {
    permanent: kind === "malformed",
    text: text === undefined ? `the chain refused the order: ${name}` : `${text} (${name})`,
  };
}

export function notAuthorized({ cessAccount }: Account, gateway: string): string {
  return `the account ${cessAccount} has not authorized this gateway (oss.authorize ${gateway})`;
}

export function territoryMissing({ cessAccount, territory }: Account): string {
  return `the account ${cessAccount} has no territory named ${territory}`;
}

export function territoryFull({ territory }: Account): string {
  return `territory ${territory} has too little space left`;
}

export function territoryInactive({ territory }: Account): string {
  return `territory ${territory} is not active: renew it`;
}

/**
 * Why an order for this many segments would be refused, or undefined. Checked before signing, because "a refused call
 * pays too". The chain's test is strict: remaining > needed.
 */
export function objection(account: Account, territory: Territory | undefined, segments: number): string | undefined {
  if (!territory) return territoryMissing(account);
  if (territory.state !== "active") return `territory ${account.territory} is ${territory.state}: renew it`;
  const needed = BigInt(segments) * BigInt(CHARGED_PER_SEGMENT);
  if (territory.remaining > needed) return undefined;
  const mib = (bytes: bigint) => bytes / BigInt(MIB);
  return (
    `${territoryFull(account)}: ${mib(territory.remaining)} MiB are left and the file needs more than ` +
    `${mib(needed)} MiB (3 copies of ${segments} segments of 32 MiB)`
  );
}
