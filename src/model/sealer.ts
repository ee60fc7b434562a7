/** Encrypts what must not stand on a disk in clear: small secrets, sealed by the gateway's master key. */
export interface Sealer {
  /** `purpose` is bound in: what was sealed for one cannot be opened for another. */
  seal(secret: string, purpose: string): string;
  /** Throws Error when the master key that sealed it is not there, or when it was changed. */
  open(sealed: string, purpose: string): string;
}
