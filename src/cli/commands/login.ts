import { stderr, stdin } from "node:process";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { z } from "zod";
import { isLoopback } from "../../config/loopback.js";
import { InvalidAccount, parseAccount, type Signer } from "../../network/chain/accounts.js";
import { authorizationMessage, type AuthorizationPayload } from "../../network/chain/proxy-authorization.js";
import { shownInChallenge } from "../../sign-up/challenge.js";
import { CommandError } from "../command-error.js";
import { writeProfile } from "../aws-profile.js";
import { SignUpClient } from "../sign-up-client.js";
import { plainText, tableText } from "../text.js";
import { keyOf, type KeyOptions } from "../wallet-key.js";

export interface LoginOptions extends KeyOptions {
  readonly gateway: string;
  readonly name?: string;
  readonly territory?: string;
  readonly profile?: string;
  readonly credentials?: string;
  readonly print?: "json" | "env";
  readonly yes?: boolean;
  readonly allowHttp?: boolean;
}

const challengeAnswer = z.object({ challenge: z.string().max(4_000), expires: z.string() });
const keyAnswer = z.object({
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  account: z.string(),
  territory: z.string(),
  endpoint: z.string(),
  region: z.string(),
  expires: z.string().optional(),
  authorized: z.boolean(),
  authorization: z
    .object({
      operator: z.string(),
      unavailable: z.string().optional(),
      payload: z.object({ oss: z.string(), exp: z.number().int().min(0).max(0xffffffff) }).optional(),
    })
    .optional(),
});
const authorizationAnswer = z.object({ authorized: z.boolean() });
type Key = z.output<typeof keyAnswer>;

/** `cess-s3 login`: an S3 key for a wallet's account, and the authorization that it needs. Rejects with CommandError. */
export async function runLogin(options: LoginOptions): Promise<void> {
  const gateway = gatewayUrl(options);
  const client = new SignUpClient(gateway);
  const signer = await keyOf(options);
  const { challenge } = await client.post("/v1/challenges", { account: signer.account }, challengeAnswer);
  requireOwn(challenge, signer, options.name ?? gateway.host);
  stderr.write(`The gateway at ${gateway.origin} asks you to sign:\n\n${indented(plainLines(challenge))}\n\n`);
  await confirm("Sign it?", options);
  const { territory } = options;
  const request = { account: signer.account, challenge, signature: signed(signer, Buffer.from(challenge)) };
  const key = await client.post("/v1/keys", { ...request, ...(territory !== undefined && { territory }) }, keyAnswer);
  // The key is kept before anything else can fail: it is shown once.
  await keep(key, options);
  if (!key.authorized) await authorize(client, signer, key, options);
}

function gatewayUrl({ gateway, allowHttp = false }: LoginOptions): URL {
  if (!URL.canParse(gateway) || !/^https?:/.test(gateway))
    throw new CommandError(`--gateway must be a URL, such as https://s3.example.com: it is ${gateway}`);
  const url = new URL(gateway);
  if (url.protocol === "http:" && !isLoopback(url.hostname) && !allowHttp)
    throw new CommandError(`${url.origin} has no TLS, so others could read the key: use https://, or --allow-http`);
  return url;
}

/** A gateway could pass on another one's challenge, and get a key there in this wallet's name. */
function requireOwn(challenge: string, { account }: Signer, expected: string): void {
  const shown = shownInChallenge(challenge);
  if (!shown) throw new CommandError("what the gateway wants to be signed is no challenge: nothing was signed");
  if (shown.account !== account)
    throw new CommandError(`the challenge is for ${plainText(shown.account)}, not ${account}: nothing was signed`);
  if (shown.gateway !== expected && shown.gateway !== expected.replace(/:\d+$/, ""))
    throw new CommandError(
      `the challenge is for a gateway named ${plainText(shown.gateway)}, not ${expected}: nothing was signed. ` +
        `If you know that this is its name: --name ${plainText(shown.gateway)}`,
    );
}

async function authorize(client: SignUpClient, signer: Signer, key: Key, options: LoginOptions): Promise<void> {
  const { operator = "?", payload, unavailable } = key.authorization ?? {};
  if (payload === undefined) {
    stderr.write(
      `Nothing can be stored yet: ${signer.account} has not authorized the gateway's account ${plainText(operator)}.\n` +
        `${plainText(unavailable ?? "Call oss.authorize with it from your wallet.")}\n`,
    );
    return;
  }
  const oss = accountOf(payload.oss);
  stderr.write(
    `Nothing can be stored yet: ${signer.account} has not authorized the gateway.\n` +
      `With your signature the gateway's account ${oss} may store and delete files in your territories, until you take it back\n` +
      `(oss.cancelAuthorize). The gateway sends and pays it.\n`,
  );
  await confirm("Authorize it?", options);
  const own: AuthorizationPayload = { oss, exp: payload.exp };
  const signature = signed(signer, authorizationMessage(own));
  stderr.write("Waiting until the chain has it for good …\n");
  await client.post("/v1/authorizations", { account: signer.account, payload: own, signature }, authorizationAnswer);
  stderr.write("Authorized.\n");
}

function accountOf(text: string) {
  try {
    return parseAccount(text);
  } catch (cause) {
    if (cause instanceof InvalidAccount)
      throw new CommandError(`the gateway names ${plainText(cause.message)}`, { cause });
    throw cause;
  }
}

async function keep(key: Key, { print, profile = "cess", credentials, yes }: LoginOptions): Promise<void> {
  const { accessKeyId, secretAccessKey, endpoint, region, account, territory, expires } = key;
  if (print === "json") {
    console.log(JSON.stringify({ ...key, authorization: undefined }, undefined, 2));
    return;
  }
  if (print === "env") {
    const variables = {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
    };
    for (const [name, value] of Object.entries(variables)) console.log(`export ${name}=${quoted(value)}`);
    return;
  }
  const file = credentials ?? join(homedir(), ".aws", "credentials");
  await writeProfile(
    file,
    profile,
    { aws_access_key_id: accessKeyId, aws_secret_access_key: secretAccessKey, region, endpoint_url: endpoint },
    { overwrite: yes === true },
  ).catch((error: unknown) => {
    // The key was made, and its secret is told once.
    console.log(JSON.stringify({ accessKeyId, secretAccessKey, endpoint, region }, undefined, 2));
    throw error;
  });
  const rows = [
    ["account", account],
    ["territory", territory],
    ["access key", accessKeyId],
    ["ends", expires ?? "never by itself"],
    ["profile", `${profile} in ${file}`],
    ["try", `aws --profile ${profile} --endpoint-url ${endpoint} s3 ls`],
  ] as const;
  console.log(tableText(rows.map(([name, value]) => [name, plainText(value)])));
}

/** For a shell: the gateway's words are not to be run. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

const indented = (text: string) => text.replace(/^/gm, "  ");

/** As plainText, with line ends as they are. */
const plainLines = (text: string) => text.split("\n").map(plainText).join("\n");

const signed = ({ pair }: Signer, message: Uint8Array) => `0x${Buffer.from(pair.sign(message)).toString("hex")}`;

async function confirm(question: string, { yes = false }: LoginOptions): Promise<void> {
  if (yes) return;
  if (!stdin.isTTY)
    throw new CommandError("nothing was signed: there is no terminal to ask at; --yes signs without asking");
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    if (/^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim())) return;
  } finally {
    lines.close();
  }
  throw new CommandError("nothing more was signed");
}
