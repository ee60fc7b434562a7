import { ConfigError } from "../../config/config-error.js";
import { readSecret } from "../../config/secret.js";

const MIN_LENGTH = 16;
const MAX_LENGTH = 1024;

/** The token of the admin listener. Throws ConfigError, which never repeats it. */
export function readAdminToken(path: string, setting = "admin.tokenFile"): string {
  const token = readSecret(path, setting);
  if (token.length < MIN_LENGTH || token.length > MAX_LENGTH || !/^[\x21-\x7e]+$/.test(token))
    throw ConfigError.of(
      setting,
      `the token in ${path} must have ${MIN_LENGTH} to ${MAX_LENGTH} letters, digits or signs without spaces; \`openssl rand -hex 32\` makes a good one`,
    );
  return token;
}
