import { ConfigError } from "../../config/config-error.js";
import type { Config } from "../../config/config.js";
import type { Settings } from "../../config/settings.js";
import { readAdminToken } from "../gateway/admin-token.js";
import { ENDS_SOON_MS, readKeyPair } from "../tls/key-pair.js";
import { failure, ok, warning, type Finding } from "./finding.js";

const DAY_MS = 86_400_000;

/** The admin listener's token, and the listeners' certificate with its key, as a start would read them at the time `now`. */
export async function listeners(settings: Settings, { admin, tls }: Config, now: number): Promise<Finding[]> {
  const read = async (check: string, remedy: string, work: () => Finding): Promise<Finding[]> => {
    try {
      return [await settings.locate(() => Promise.resolve().then(work))];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return [failure(check, error.message, remedy)];
    }
  };
  const { tokenFile } = admin;
  const { certFile, keyFile } = tls;
  return [
    ...(tokenFile === undefined
      ? []
      : await read("admin token", `openssl rand -hex 32 > ${tokenFile}`, () => token(tokenFile))),
    ...(certFile === undefined || keyFile === undefined
      ? []
      : await read("certificate", "correct the files, or tls.certFile and tls.keyFile", () =>
          certificate({ certFile, keyFile }, now),
        )),
  ];
}

function token(path: string): Finding {
  readAdminToken(path);
  return ok("admin token", `${path} holds one`);
}

function certificate(files: { readonly certFile: string; readonly keyFile: string }, now: number): Finding {
  const { endsAt, names } = readKeyPair(files, now);
  const days = Math.floor((endsAt - now) / DAY_MS);
  const text = `${files.certFile} is for ${names === "" ? "no host" : names}, and ends in ${days} days`;
  return endsAt - now < ENDS_SOON_MS
    ? warning("certificate", text, "renew it: the gateway takes the new files without a restart")
    : ok("certificate", text);
}
