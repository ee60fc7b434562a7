/** By its name, so that a setting that is added later is hidden, too. A file's path is no secret. */
const SECRET = /(?:secret|mnemonic|password|token|masterKey|privateKey|passphrase)(?!.*(?:File|Id|Seconds|Minutes)$)/i;
/** Whose path gives access, as webhooks of chat services and paid chain nodes have them. */
const SECRET_PATHS = /^(?:notifications\.webhooks\[\d*\](?:\.url)?|chain\.endpoints(?:\[\d*\])?)$/;
/** Also behind `NAME=`, as a webhook is written in the environment. */
const URL_FORM = /^((?:[\w-]*=)?[a-z][a-z0-9+.-]*:\/\/)(?:[^/?#@]*@)?([^/?#]*)([^?#]*)(.*)$/is;

export const HIDDEN = "(hidden)";

/** Whether a setting's value is a secret; `key` is `accounts[0].secretAccessKey` or `accounts[].secretAccessKey`. */
export function isSecretSetting(key: string): boolean {
  return SECRET.test(key.slice(key.lastIndexOf(".") + 1));
}

/** A value as it may be shown: a secret is hidden, and so are the parts of a URL that may hold one. */
export function withoutSecrets(key: string, value: unknown): unknown {
  if (isSecretSetting(key)) return HIDDEN;
  if (typeof value !== "string") return value;
  const url = URL_FORM.exec(value);
  if (!url) return value;
  const [, scheme = "", host = "", path = "", query = ""] = url;
  const login = value.slice(scheme.length).startsWith(host) ? "" : "…@";
  const shownPath = SECRET_PATHS.test(key) && path.length > 1 ? "/…" : path;
  return `${scheme}${login}${host}${shownPath}${query === "" ? "" : "?…"}`;
}

/**
 * A wrong value as a message may repeat it; undefined when it may be a secret that was put at a wrong place: several
 * words, as of a mnemonic, or a long mixture of letters and digits.
 */
export function repeatable(key: string, value: unknown): string | undefined {
  if (isSecretSetting(key)) return undefined;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string" || value === "" || value.length > 60 || /[\s@?]/.test(value)) return undefined;
  if (SECRET_PATHS.test(key) && /[^/:]\/./.test(value)) return undefined;
  const isMixture = value.length >= 16 && /[A-Z]/.test(value) && /[a-z]/.test(value) && /\d/.test(value);
  return isMixture || /^[0-9a-f]{32,}$/i.test(value) ? undefined : JSON.stringify(value);
}
