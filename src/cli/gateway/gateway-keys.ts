import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Catalog } from "../../catalog/catalog.js";
import type { KeyConfig } from "../../config/config.js";
import { ConfigError } from "../../config/config-error.js";
import { readSecret } from "../../config/secret.js";
import { KeyRing } from "../../keys/key-ring.js";
import type { VaultKeys } from "../../keys/vault-keys.js";
import { openKeyFile } from "../key-file.js";

export interface GatewayKeys {
  readonly keys: KeyRing;
  /** Writes a key file that is not there; undefined when there is none to be written. */
  readonly create: (() => Promise<void>) | undefined;
  /**
   * To be called before anything is served. Rejects with ConfigError when a key that the catalog needs is missing;
   * otherwise writes the key file if it is new.
   */
  readonly settle: (catalog: Pick<Catalog, "keyUses">) => Promise<void>;
}

interface Log {
  warn(fields: object, message: string): void;
}

/** Rejects with ConfigError when the token or the certificates cannot be read, so that it shows at the start. */
async function vaultKeys(
  { address, tokenFile, mount, namespace, caFile }: NonNullable<KeyConfig["encryption"]["vault"]>,
  log: Log,
): Promise<VaultKeys> {
  // Loads an HTTP client, which most gateways need not have in each process.
  const { VaultKeys } = await import("../../keys/vault-keys.js");
  readSecret(tokenFile, "encryption.vault.tokenFile");
  const token = async () => (await readFile(tokenFile, "utf8")).trim();
  return new VaultKeys(
    { token, log },
    { address, mount, namespace, ca: caFile === undefined ? undefined : readSecret(caFile, "encryption.vault.caFile") },
  );
}

/** The keys that the configuration names. Rejects with ConfigError. */
export async function gatewayKeys(
  { encryption, dataDir }: Pick<KeyConfig, "encryption" | "dataDir">,
  log: Log,
): Promise<GatewayKeys> {
  const { keyFile, masterKey, masterKeyFile, vault } = encryption;
  const path = keyFile ?? join(dataDir, "keys.json");
  const opened = await openKeyFile(
    path,
    masterKey ?? (masterKeyFile === undefined ? undefined : readSecret(masterKeyFile, "encryption.masterKeyFile")),
    vault !== undefined,
  );
  if (opened.exposed) log.warn({ keyFile: path }, "others than its owner may read the key file: chmod 600 it");
  const keys = new KeyRing(opened.material, vault && (await vaultKeys(vault, log)));
  return {
    keys,
    create: opened.create,
    settle: async (catalog) => {
      const missing = (await catalog.keyUses.all()).filter((id) => !keys.has(id));
      if (missing.length > 0) {
        if (missing.includes("vault"))
          throw new ConfigError(
            "the catalog holds data keys that keys in Vault wrapped: encryption.vault must say where that is",
          );
        const what = opened.create ? `the key file ${path} is not there` : `the key file ${path} lacks them`;
        throw new ConfigError(
          `the catalog holds data keys that these keys wrapped: ${missing.join(", ")}; ${what}. Without them objects cannot be read: ` +
            "put the key file, or the old keys behind the new ones, back",
        );
      }
      await opened.create?.();
    },
  };
}
