/** The code of the operating system's error that is behind one; undefined where there is none. */
export function systemCode(error: unknown): string | undefined {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  if (cause === undefined) return undefined;
  const { code, syscall } = cause as NodeJS.ErrnoException;
  // OpenSSL's errors have codes, too.
  return syscall === undefined ? systemCode(cause) : code;
}
