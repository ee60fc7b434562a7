/** Encrypts small secrets with the gateway's master key, so that they are not on a disk in clear. */
export interface Sealer {
  /** `purpose` is authenticated: a text that was sealed for one purpose cannot be opened for another. */
  seal(secret: string, purpose: string): string;
  /** Throws Error when the master key that sealed the text is missing, or when the text was changed. */
  open(sealed: string, purpose: string): string;
}
