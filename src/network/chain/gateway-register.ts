import type { CessAccount } from "../../model/account.js";

/** The chain's list of gateways (oss.oss). Anyone can register. */
export interface GatewayRegister {
  /** This gateway's own account, which may be in the list. */
  readonly account: CessAccount;
  /** Rejects with ChainUnavailable when no endpoint answers within the configured time. */
  gateways(): Promise<RegisteredGateway[]>;
}

/** Peer ids of gateways of this program's kind begin so. */
export const OWN_KIND_PREFIX = "cess-s3";

export interface RegisteredGateway {
  readonly account: CessAccount;
  /** An HTTP URL as its owner wrote it, `http://` added where no scheme stood; may point anywhere. */
  readonly endpoint: string;
  /** It says that it is of this program's kind. */
  readonly isOwnKind?: boolean;
}

/** A name or address, with a port or without; IPv6 in brackets. */
const HOST = /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+|\[[0-9a-f:.]+\]|localhost)(?::\d{1,5})?(?:\/.*)?$/i;

/**
 * Where a registered gateway is reached: its domain, or, where it gave none, its peer id if that is an address (it was
 * meant for a libp2p key, which is none). Undefined when neither is.
 */
export function gatewayEndpoint(domain: string, peerId: string): string | undefined {
  for (const text of [domain.trim(), peerId.trim()]) {
    if (/^https?:\/\//i.test(text) && URL.canParse(text)) return text;
    if (HOST.test(text) && URL.canParse(`http://${text}`)) return `http://${text}`;
  }
  return undefined;
}
