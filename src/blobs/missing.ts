/** No such file; or a file that another machine removed while it was open here, on a network file system. */
const CODES: readonly unknown[] = ["ENOENT", "ESTALE"];

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && CODES.includes(error.code);
}
