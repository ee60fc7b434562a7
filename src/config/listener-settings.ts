import { z } from "zod";
import { isLoopback } from "./loopback.js";
import { decimalNumber, hostAndPort, wholeNumber, yesNo, type ListenAddress } from "./quantity.js";

/** How the admin listener knows its operator. */
export const adminSchema = z.strictObject({
  /** A file with a token of at least 16 characters, which requests must send as `Authorization: Bearer`. */
  tokenFile: z.string().min(1).optional(),
  /** `/metrics` is answered without the token, too. */
  publicMetrics: yesNo.default(false),
});

export const TLS_LISTENERS = ["s3", "admin", "console", "peers", "public"] as const;
export type TlsListener = (typeof TLS_LISTENERS)[number];

/** TLS by the gateway itself. */
export const tlsSchema = z
  .strictObject({
    /** The certificate in PEM, followed by those between it and the authority's. */
    certFile: z.string().min(1).optional(),
    /** Its private key in PEM, without a passphrase. */
    keyFile: z.string().min(1).optional(),
    /** Which listeners speak TLS; by default `s3`, and of the others those that are not on a loopback address. */
    listeners: z.array(z.enum(TLS_LISTENERS)).optional(),
  })
  .superRefine(({ certFile, keyFile, listeners }, context) => {
    if (certFile !== undefined && keyFile === undefined)
      context.addIssue({ code: "custom", path: ["keyFile"], message: "is missing: certFile needs it" });
    if (keyFile !== undefined && certFile === undefined)
      context.addIssue({ code: "custom", path: ["certFile"], message: "is missing: keyFile needs it" });
    if (listeners !== undefined && certFile === undefined && keyFile === undefined)
      context.addIssue({ code: "custom", path: ["certFile"], message: "is missing: listeners needs it and keyFile" });
  });

/** How many requests a second one client may send; 0: as many as it likes. */
export const rateSchema = z.strictObject({
  requestsPerSecond: decimalNumber({ min: 0, max: 1_000_000 }).default(0),
  /** Requests at once after a pause; by default as many as in 5 seconds. */
  burst: wholeNumber({ min: 1, max: 1_000_000 }).optional(),
});

export type RateSettings = Readonly<z.output<typeof rateSchema>>;
export type TlsSettings = Readonly<z.output<typeof tlsSchema>>;

interface ListenSettings {
  readonly adminListen: ListenAddress;
  readonly console: { readonly listen?: ListenAddress | undefined };
  readonly peers: { readonly listen?: ListenAddress | undefined };
  readonly public: { readonly listen?: ListenAddress | undefined };
  readonly tls: TlsSettings;
}

/** The listeners that speak TLS. */
export function secureListeners({
  adminListen,
  console,
  peers,
  public: everyone,
  tls,
}: ListenSettings): ReadonlySet<TlsListener> {
  if (tls.certFile === undefined) return new Set();
  if (tls.listeners) return new Set(tls.listeners);
  const open = (host = "localhost") => !isLoopback(host);
  return new Set<TlsListener>([
    "s3",
    ...(open(adminListen.host) ? (["admin"] as const) : []),
    ...(open(console.listen?.host) ? (["console"] as const) : []),
    ...(open(peers.listen?.host) ? (["peers"] as const) : []),
    ...(open(everyone.listen?.host) ? (["public"] as const) : []),
  ]);
}

/** What is wrong with `adminListen`, where others than this machine reach it and need no token; else undefined. */
export function adminExposure({
  adminListen,
  admin,
}: {
  readonly adminListen: ListenAddress;
  readonly admin: { readonly tokenFile?: string | undefined };
}): string | undefined {
  if (admin.tokenFile !== undefined || isLoopback(adminListen.host)) return undefined;
  return (
    `${hostAndPort(adminListen)} can be reached from other machines, and whoever reaches the admin listener controls the gateway: ` +
    "listen on 127.0.0.1, such as 127.0.0.1:9001, or set admin.tokenFile (CESS_S3_ADMIN_TOKEN_FILE) to a file with a " +
    "token, as `openssl rand -hex 32` makes one"
  );
}
