import type { LocalClient } from "../ipc/local-client.js";
import type { SegmentFormat } from "../model/file.js";
import type { Fid } from "../model/hash.js";
import type { BlobSlice } from "../model/object.js";
import type { FileSettings, UploadPreprocessing } from "../preprocessing/preprocessing.js";
import type { AdvanceNotice, ContentQuestion } from "./background-process.js";

/** Preprocessing in the background process, whose threads read the staged bytes. Large uploads take their time there. */
export class RemotePreprocessing implements UploadPreprocessing {
  constructor(private readonly background: Pick<LocalClient, "call" | "notify">) {}

  async rootOf(
    subject: string,
    content: readonly BlobSlice[],
    { format }: Pick<FileSettings, "format">,
    signal?: AbortSignal,
  ): Promise<Fid> {
    const question: ContentQuestion = { subject, content, format };
    return (await this.background.call("rootOf", question, { signal, timeoutMs: Infinity })) as Fid;
  }

  async check(subject: string, content: readonly BlobSlice[], signal?: AbortSignal): Promise<void> {
    await this.background.call("check", { subject, content }, { signal, timeoutMs: Infinity });
  }

  /** Lost while the background process is away: then the segments are hashed when the upload is completed. */
  advance(upload: string, format: SegmentFormat, part: number): void {
    this.background.notify("advance", { upload, format, part } satisfies AdvanceNotice);
  }

  forget(upload: string): void {
    this.background.notify("forget", upload);
  }
}
