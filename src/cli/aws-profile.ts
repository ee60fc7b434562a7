import { mkdir, readFile, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { replaceFile } from "../files/replace-file.js";
import { CommandError } from "./command-error.js";

/** The members of a profile, as the AWS CLI and SDKs read them. */
export interface AwsProfile {
  readonly aws_access_key_id: string;
  readonly aws_secret_access_key: string;
  readonly region: string;
  readonly endpoint_url: string;
}

/** What the gateway's own keys begin with. */
const OWN_KEY = /^CESS[A-Z2-7]{16}$/;
/** Belongs to the key that is replaced. */
const SESSION_TOKEN = "aws_session_token";

/**
 * Writes one profile of a shared credentials file of the AWS CLI and SDKs, which only its owner may read then. Other
 * profiles, and other members of this one, stay as they are. Rejects with CommandError for a name that cannot be one, and
 * where the profile has a key of another kind, unless that is to be overwritten.
 */
export async function writeProfile(
  path: string,
  name: string,
  profile: AwsProfile,
  { overwrite }: { readonly overwrite: boolean },
): Promise<void> {
  if (!/^[\w.@+-]{1,100}$/.test(name))
    throw new CommandError(
      `--profile must be a name of letters, digits, dots and dashes: it is ${JSON.stringify(name)}`,
    );
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Where it is a link, the file that it leads to is replaced.
  const file = await realpath(path).catch(() => path);
  const before = await readFile(file, "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  });
  const known = memberOf(before, name, "aws_access_key_id");
  if (known !== undefined && !OWN_KEY.test(known) && !overwrite)
    throw new CommandError(
      `${file} has a profile ${name} with another key: choose another --profile, or --yes to replace it`,
    );
  await replaceFile(file, withProfile(before, name, profile));
}

/** The text of the file with this profile in it. */
export function withProfile(text: string, name: string, profile: AwsProfile): string {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const members = Object.entries(profile).map(([key, value]) => `${key} = ${value}`);
  const at = lines.findIndex((line) => sectionOf(line) === name);
  if (at < 0) return [...lines, ...(lines.length > 0 ? [""] : []), `[${name}]`, ...members, ""].join("\n");
  const next = lines.findIndex((line, place) => place > at && sectionOf(line) !== undefined);
  const end = next < 0 ? lines.length : next;
  const kept = lines.slice(at + 1, end).filter((line) => {
    const key = keyOf(line);
    return key === undefined || !(key in profile || key === SESSION_TOKEN);
  });
  return [...lines.slice(0, at + 1), ...members, ...kept, ...lines.slice(end), ""].join("\n");
}

function memberOf(text: string, section: string, key: string): string | undefined {
  let within: string | undefined;
  for (const line of text.split("\n")) {
    within = sectionOf(line) ?? within;
    if (within === section && keyOf(line) === key) return line.slice(line.indexOf("=") + 1).trim();
  }
  return undefined;
}

const sectionOf = (line: string) => /^\s*\[\s*([^\]]*?)\s*\]/.exec(line)?.[1];
const keyOf = (line: string) => /^([A-Za-z]\w*)\s*=/.exec(line)?.[1]?.toLowerCase();
