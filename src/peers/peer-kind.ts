import { z } from "zod";

/**
 * What runs at a gateway's address: this program, DeOSS or CD2N's retriever. They share paths to download by, and differ
 * in how to ask cheaply whether a file is at hand.
 */
export const peerKinds = ["cess-s3", "deoss", "cd2n"] as const;
export type PeerKind = (typeof peerKinds)[number];

/** How this program's version begins where CD2N's programs ask for it. */
export const OWN_VERSION_PREFIX = "cess-s3/";

const status = z.object({ is_gateway: z.boolean(), version: z.string() });

/** An answer that a gateway gave: its HTTP status, and the envelope where the body is one. */
export interface Probed {
  readonly status: number;
  readonly envelope: { readonly code: number; readonly data?: unknown } | undefined;
}

/** By the answer to `GET /status`; undefined: it does not tell. */
export function kindByStatus({ status: http, envelope }: Probed): PeerKind | undefined {
  // The peer listener of this program has no such path, and says so in the protocol's form. DeOSS says it in plain text.
  if (http === 404 && envelope?.code === 404) return "cess-s3";
  const { success, data } = status.safeParse(envelope?.data);
  if (http !== 200 || !success) return undefined;
  return data.version.startsWith(OWN_VERSION_PREFIX) ? "cess-s3" : "cd2n";
}

/** By the answer to `GET /file/metadata/FID`, where the status did not tell. */
export function kindByMetadata({ status: http, envelope }: Probed): PeerKind | undefined {
  return http === 200 && envelope ? "deoss" : undefined;
}
