/**
 * The bucket tag that has files declared on chain under names made from their objects' keys, where everybody reads them.
 * Its only value is `key`.
 */
export const CHAIN_NAME_TAG = "cess-name";

export function isChainNaming(value: string): value is "key" {
  return value === "key";
}

/** What every runtime takes: bytes of a file's name on chain. */
const MIN_BYTES = 3;
const MAX_BYTES = 63;
/** An extension, with its dot, that is kept when a name is shortened. */
const MAX_EXTENSION = 16;

/**
 * The name on chain of a file that holds the object of this key: the key's last part, in ASCII letters, digits, `.`, `_`
 * and `-`, which stands for all others. Of a name that is too long the end of its stem goes. Undefined if the key has no
 * last part of at least 3 characters, or none of them can be said.
 */
export function chainName(key: string): string | undefined {
  const part = key.slice(key.lastIndexOf("/") + 1);
  const name = Array.from(part, (char) => (/[A-Za-z0-9._-]/.test(char) ? char : "-")).join("");
  if (name.length < MIN_BYTES || !/[A-Za-z0-9]/.test(name)) return undefined;
  if (name.length <= MAX_BYTES) return name;
  const dot = name.lastIndexOf(".");
  const extension = dot > 0 && name.length - dot <= MAX_EXTENSION ? name.slice(dot) : "";
  return name.slice(0, MAX_BYTES - extension.length) + extension;
}
