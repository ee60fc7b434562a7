import { randomBytes } from "node:crypto";
import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { ConfigError, reasonOf } from "../config/config-error.js";
import { replaceFile } from "../files/replace-file.js";
import type { KeyMaterial } from "../keys/key-ring.js";
import { KEY_SIZE } from "../keys/sealed-text.js";

const key = z.string().transform((text, context): Uint8Array => {
  const bytes = /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, "hex") : Buffer.from(text, "base64");
  // The text itself is a secret and is not shown.
  if (bytes.length !== KEY_SIZE)
    context.addIssue(`not a key: ${KEY_SIZE} bytes in base64 or hex are one, as \`openssl rand -base64 32\` prints`);
  return bytes;
});

/** One key, or several: the first wraps, the others only unwrap what they once wrapped. */
const keys = z.union([key.transform((one) => [one]), z.array(key).min(1)], {
  error: "must be a key of 32 bytes in base64, or a list of them",
});

const keyFileSchema = z.strictObject({
  master: keys.optional(),
  kms: z.record(z.string().min(1).max(256), keys).default({}),
  ciphers: z
    .record(
      z.string().min(1).max(256),
      z
        .string()
        .refine((text) => /^.{1,32}$/s.test(Buffer.from(text).toString("latin1")), "a cipher has 1 to 32 bytes"),
    )
    .default({}),
});

export interface OpenedKeys {
  readonly material: KeyMaterial;
  /** Writes the file with the keys in `material`; undefined when the file exists. */
  readonly create?: () => Promise<void>;
  /** Whether other users may read the file. */
  readonly exposed: boolean;
}

/**
 * The gateway's keys. A `masterKey` from the configuration wraps from now on; those of the file then only unwrap. Where
 * there is no file, a random master key is made and, unless KMS keys are kept elsewhere, the KMS key `aws/s3`. Rejects
 * with ConfigError.
 */
export async function openKeyFile(
  path: string,
  masterKey: string | undefined,
  kmsElsewhere = false,
): Promise<OpenedKeys> {
  const configured = masterKey === undefined ? [] : [readMasterKey(masterKey)];
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new ConfigError(`encryption.keyFile: cannot read the key file ${path}: ${reasonOf(cause)}`, {
      cause,
      key: "encryption.keyFile",
    });
  });
  if (text === undefined && configured.length > 0)
    return { material: { master: configured, kms: new Map(), ciphers: new Map() }, exposed: false };
  if (text === undefined) return freshKeys(path, kmsElsewhere ? [] : ["aws/s3"]);
  const { master = [], kms, ciphers } = parse(path, text);
  const material = {
    master: [...configured, ...master],
    kms: new Map(Object.entries(kms)),
    ciphers: new Map(Object.entries(ciphers)),
  };
  if (material.master.length === 0)
    throw new ConfigError(`the key file ${path} has no master key: add "master", a key of 32 bytes in base64`, {
      key: "encryption.keyFile",
    });
  return { material, exposed: ((await stat(path)).mode & 0o077) !== 0 };
}

function readMasterKey(text: string): Uint8Array {
  const parsed = key.safeParse(text.trim());
  if (!parsed.success)
    throw ConfigError.of("encryption.masterKey", parsed.error.issues.map(({ message }) => message).join("; "));
  return parsed.data;
}

function parse(path: string, text: string): z.output<typeof keyFileSchema> {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    // The message of JSON.parse would quote the file.
    throw new ConfigError(`the key file ${path} is not JSON`, { key: "encryption.keyFile" });
  }
  const parsed = keyFileSchema.safeParse(values);
  if (!parsed.success)
    throw new ConfigError(`the key file ${path} is not valid:\n${z.prettifyError(parsed.error)}`, {
      key: "encryption.keyFile",
    });
  return parsed.data;
}

function freshKeys(path: string, names: readonly string[]): OpenedKeys {
  const master = randomBytes(KEY_SIZE);
  const kms = names.map((name) => [name, randomBytes(KEY_SIZE)] as const);
  const written = Object.fromEntries(kms.map(([name, bytes]) => [name, bytes.toString("base64")]));
  const text = JSON.stringify({ master: master.toString("base64"), kms: written, ciphers: {} }, undefined, 2);
  return {
    material: { master: [master], kms: new Map(kms.map(([name, bytes]) => [name, [bytes]])), ciphers: new Map() },
    exposed: false,
    create: () => writeSecret(path, `${text}\n`),
  };
}

/** On the disk before anything is wrapped by what it holds. */
async function writeSecret(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await replaceFile(path, text);
}
