/** What is wrong with the configuration or with what it names, in the operator's words: printed without a trace. */
export class ConfigError extends Error {
  /** The setting that it is about, as `accounts[0].secretAccessKeyFile`; undefined when it is about none, or several. */
  readonly key: string | undefined;

  constructor(message: string, options: ErrorOptions & { readonly key?: string } = {}) {
    super(message, options);
    this.name = "ConfigError";
    this.key = options.key;
  }

  /** Of one setting, which the message begins with. */
  static of(key: string, fault: string, options: ErrorOptions = {}): ConfigError {
    return new ConfigError(`${key}: ${fault}`, { ...options, key });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  ENOTDIR: "a part of the path is a file, not a folder",
  EEXIST: "it is not a folder",
  EISDIR: "it is a folder, not a file",
  EACCES: "this user may not do that; check owner and permissions",
  EPERM: "this user may not do that; check owner and permissions",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  ENAMETOOLONG: "the path is too long",
  ELOOP: "its symbolic links lead in a circle",
};

/** Why the system refused a path, in words; the path itself is for the caller to name. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ""] ?? message;
}
