import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { z } from "zod";
import type { CessAccount } from "../../model/account.js";
import { ChainSession } from "../../network/chain/chain-session.js";
import { ChainUnavailable } from "../../network/chain/chain.js";
import { walletsReady } from "../../network/chain/wallets.js";
import { sha256 } from "../../receipts/chain-receipts.js";
import { documentSchema, MAX_DOCUMENT_BYTES, type Receipt, type SignedDocument } from "../../receipts/document.js";
import { isSigned } from "../../receipts/signature.js";
import { checkChain, checkDeletion, checkFiles } from "../../receipts/verify/chain-checks.js";
import { failed, judged, note, type Check } from "../../receipts/verify/check.js";
import { ContentChecks } from "../../receipts/verify/content-checks.js";
import { checkNetwork } from "../../receipts/verify/network-checks.js";
import { CommandError } from "../command-error.js";
import { plainText } from "../text.js";
import { accountArgument } from "../territory/wallet.js";
import { withNetworkReader } from "../verify/network-reader.js";

export interface VerifyOptions {
  /** WebSocket URL of a chain node. */
  readonly chain: string;
  readonly fetch?: boolean;
  /** The account that must have signed. */
  readonly signer?: string;
  /** What the receipt must be of. */
  readonly bucket?: string;
  readonly key?: string;
  readonly allowPrivateNodes?: boolean;
  readonly json?: boolean;
}

/** The exit code when something that was to be checked does not hold. */
export const NOT_VERIFIED = 3;

/** `cess-s3 verify RECEIPT [FILE]`: a line for each check. Ends with code 3 when one fails. */
export async function runVerify(path: string, file: string | undefined, options: VerifyOptions): Promise<void> {
  if (!/^wss?:\/\//.test(options.chain))
    throw new CommandError(`--chain must begin with ws:// or wss://: it is ${options.chain}`);
  const document = await readDocument(path);
  if (document.type === "cess-s3-deletion" && (file !== undefined || options.fetch || options.key || options.bucket))
    throw new CommandError(
      `${path} is a certificate of deletion, which tells of no bytes: it is verified without FILE, --fetch, --bucket and --key`,
    );
  const signer = options.signer === undefined ? undefined : accountArgument(options.signer);
  await walletsReady();
  const session = new ChainSession({ endpoints: [options.chain] });
  const checks: Check[] = [];
  try {
    for await (const check of allChecks(document, file, { ...options, signer }, session)) {
      checks.push(check);
      if (options.json !== true) console.log(lineOf(check));
    }
  } catch (error) {
    if (error instanceof ChainUnavailable) throw new CommandError(error.message, { cause: error });
    throw error;
  } finally {
    await session.close();
  }
  const bad = checks.filter(({ result }) => result === "failed").length;
  if (options.json) console.log(JSON.stringify({ verified: bad === 0, checks }, undefined, 2));
  else console.log(bad === 0 ? "verified" : `NOT VERIFIED: ${bad} of ${checks.length} checks failed`);
  if (bad > 0) process.exitCode = NOT_VERIFIED;
}

type AllOptions = Omit<VerifyOptions, "signer"> & { readonly signer: CessAccount | undefined };

async function* allChecks(
  document: SignedDocument,
  file: string | undefined,
  options: AllOptions,
  session: ChainSession,
): AsyncGenerator<Check> {
  yield* checkSignature(document, options.signer);
  await session.ready();
  const chain = {
    genesis: () => session.genesis(),
    fileAt: session.fileAt.bind(session),
    blockHash: (number: number) => session.reader.blockHash(number),
    operators: (owner: CessAccount) => session.reader.operators(owner),
  };
  const isSameChain = yield* checkChain(document, chain);
  if (document.type === "cess-s3-deletion") {
    if (isSameChain) yield* checkDeletion(document, chain);
    return;
  }
  yield* checkNames(document, options);
  if (isSameChain) yield* checkFiles(document, chain);
  if (file !== undefined) yield* await checkFile(document, file);
  if (!options.fetch) return;
  if (!isSameChain) {
    yield failed("nodes", "not asked: this is another chain");
    return;
  }
  const allowPrivate = options.allowPrivateNodes === true;
  yield* withNetworkReader(session, { allowPrivate }, (retrieval) => checkNetwork(document, retrieval));
}

function* checkSignature(document: SignedDocument, wanted: CessAccount | undefined): Generator<Check> {
  const { signer, issuedAt } = document;
  yield judged(
    "signature",
    isSigned(document),
    `by ${signer}, of ${issuedAt}`,
    `not by ${signer}, or the document was changed`,
  );
  if (wanted !== undefined)
    yield judged("signer", signer === wanted, "the account that --signer names", `${signer} is not ${wanted}`);
}

function* checkNames({ object }: Receipt, { bucket, key }: AllOptions): Generator<Check> {
  if (bucket === undefined && key === undefined)
    yield note("object", "its names are hidden in the receipt: --bucket and --key compare them");
  const names = [
    ["bucket", bucket, object.bucketSha256],
    ["key", key, object.keySha256],
  ] as const;
  for (const [what, name, hash] of names) {
    if (name !== undefined) yield judged(what, sha256(name) === hash, name, `the receipt is not of ${name}`);
  }
}

async function checkFile(receipt: Receipt, path: string): Promise<Check[]> {
  const content = new ContentChecks(receipt, path);
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>)
    await content.update(chunk);
  return content.finish();
}

/** Rejects with CommandError for what is no document of ours: it may be anything. */
async function readDocument(path: string): Promise<SignedDocument> {
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(MAX_DOCUMENT_BYTES + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = (await file.read(bytes, length, bytes.length - length)).bytesRead;
    if (length > MAX_DOCUMENT_BYTES) throw new CommandError(`${path} is longer than any receipt, 16 MiB`);
    return parsed(path, bytes.toString("utf8", 0, length));
  } finally {
    await file.close();
  }
}

function parsed(path: string, text: string): SignedDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CommandError(`${path} is no receipt: it is not JSON`, { cause });
  }
  const result = documentSchema.safeParse(value);
  if (result.success) return result.data;
  const issues = z.prettifyError(result.error).split("\n").slice(0, 10).map(plainText).join("\n  ");
  throw new CommandError(`${path} is no receipt or certificate of deletion that this version knows:\n  ${issues}`, {
    cause: result.error,
  });
}

function lineOf({ about, result, text }: Check): string {
  const mark = { ok: "ok    ", failed: "FAILED", note: "note  " }[result];
  return `${mark}  ${plainText(about)}: ${plainText(text)}`;
}
