import { ThreadEncoder } from "../../encoding/thread-encoder.js";
import { digestFile, EmptyFileError } from "../../encoding/file-digest.js";
import { ConfigError } from "../../config/config-error.js";
import { Progress } from "../progress.js";
import { PLAIN, type SegmentFormat } from "../../model/file.js";

/** `cess-s3 fid`: prints the FID that a local file would have on CESS. */
export async function runFid(
  path: string,
  options: { readonly cipher?: string; readonly json?: boolean },
): Promise<void> {
  const encoder = new ThreadEncoder();
  const progress = new Progress();
  try {
    const { fid, size, segments } = await digestFile(encoder, path, format(options.cipher), undefined, (done, total) =>
      progress.show(() => `${path}: ${total === 0 ? 100 : Math.floor((100 * done) / total)} %`),
    );
    progress.end();
    console.log(options.json ? JSON.stringify({ fid, size, segments }, undefined, 2) : fid);
  } catch (cause) {
    if (cause instanceof EmptyFileError) throw new ConfigError(`${path}: ${cause.message}`, { cause });
    throw cause;
  } finally {
    progress.end();
    await encoder.close();
  }
}

function format(cipher: string | undefined): SegmentFormat {
  if (cipher === undefined) return PLAIN;
  const length = Buffer.byteLength(cipher);
  if (length < 1 || length > 32)
    throw new ConfigError(`--cipher takes a text of 1 to 32 bytes, this one has ${length}`);
  return { name: "cess-cbc", cipher };
}
