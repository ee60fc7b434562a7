import { isHash, type Fid } from "../model/hash.js";
import type { Account } from "../model/account.js";
import type { IncomingMessage } from "node:http";
import { contentRange } from "./batch-uploads.js";
import { sendEnvelope } from "../peers/envelope.js";
import type { Handler } from "../peers/http-listener.js";
import type { PublicRoute } from "../peers/public-server.js";
import { NOT_FOUND, Refusal } from "../peers/refusal.js";
import { notOffered } from "./not-offered.js";
import { requireFileName, requireTerritory, type SdkHolders, type SdkServices } from "./sdk-request.js";
import { refusing } from "./sdk-refusal.js";
import { headerAccount } from "./signed-message.js";
import { withUploadForm } from "./upload-form.js";

/** DeOSS's API: requests whose headers are signed. The envelopes are theirs; the HTTP status says how it went, too. */
export function deossRoutes({ clock, files, batches }: SdkServices, api: SdkHolders): PublicRoute[] {
  const signer = (request: IncomingMessage): Account => api.accountOf(headerAccount(request.headers, clock.now()));

  const uploader = (request: IncomingMessage): Account => {
    const account = signer(request);
    if (request.headers["cipher"] !== undefined) throw notOffered("encryption by the header Cipher");
    requireTerritory(account, one(request.headers["territory"]));
    return account;
  };

  const putForm: Handler = async (request, response, signal) => {
    if (request.url?.split("?", 1)[0] !== "/file") throw NOT_FOUND;
    const account = uploader(request);
    const fid = await withUploadForm(request, ({ fileName, file }) => {
      const name = decoded(one(request.headers["filename"]) ?? fileName);
      return files.put(account, requireFileName(name), file, undefined, signal);
    });
    sendEnvelope(response, 200, { code: 200, msg: "ok", data: { fid } });
  };

  const putObject: Handler = async (request, response, signal) => {
    const account = uploader(request);
    const name = requireFileName(decoded(lastOf(request)));
    const length = request.headers["content-length"];
    const fid = await files.put(
      account,
      name,
      bodyOf(request),
      length === undefined ? undefined : Number(length),
      signal,
    );
    sendEnvelope(response, 200, { code: 200, msg: "ok", data: { fid } });
  };

  const remove: Handler = async (request, response, signal) => {
    const account = signer(request);
    const fid = lastOf(request);
    if (!isHash(fid)) throw new Refusal(400, "invalid fid");
    if ((await files.delete(account, fid as Fid, signal)) === 0) throw NOT_FOUND;
    // The chain is told later, so there is no block yet.
    sendEnvelope(response, 200, { code: 200, msg: "ok", data: { "block hash": "" } });
  };

  const resume: Handler = async (request, response, signal) => {
    const account = uploader(request);
    const name = requireFileName(decoded(lastOf(request)));
    const given = one(request.headers["content-range"]);
    const { range, size } = contentRange(given);
    const { fid } = await batches.resume(account, name, size, range, bodyOf(request), signal);
    if (fid !== undefined) sendEnvelope(response, 200, { code: 200, msg: "ok", data: { fid } });
    else sendEnvelope(response, 308, { code: 308, msg: "ok", data: null }, { "content-range": given });
  };

  return [
    { path: "/file", methods: ["PUT"], longBody: true, handle: refusing(putForm) },
    { path: "/file", methods: ["DELETE"], handle: refusing(remove) },
    { path: "/object", methods: ["PUT"], longBody: true, handle: refusing(putObject) },
    { path: "/resume", methods: ["PUT"], longBody: true, handle: refusing(resume) },
  ];
}

/** An iterator that is left early does not destroy the request, and the answer with it. */
function bodyOf(request: IncomingMessage): AsyncIterable<Uint8Array> {
  return request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** The last part of the path. */
function lastOf({ url = "" }: IncomingMessage): string {
  return url.split("?", 1)[0]?.split("/").at(-1) ?? "";
}

/** Refusal 400 for what is no percent-encoded text. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal(400, "invalid file name");
  }
}
