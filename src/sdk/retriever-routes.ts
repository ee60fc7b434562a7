import type { ServerResponse } from "node:http";
import { z } from "zod";
import type { Fid } from "../model/hash.js";
import { isHash } from "../model/hash.js";
import { KIB } from "../model/sizes.js";
import { sendEnvelope } from "../peers/envelope.js";
import type { Handler } from "../peers/http-listener.js";
import type { PublicRoute } from "../peers/public-server.js";
import { Refusal } from "../peers/refusal.js";
import { readJson } from "../peers/request-body.js";
import { notOffered } from "./not-offered.js";
import { requireFileName, requireTerritory, type SdkHolders, type SdkServices } from "./sdk-request.js";
import { refusing, UPLOADED } from "./sdk-refusal.js";
import { tokenAccount } from "./signed-message.js";
import { readForm, withUploadForm } from "./upload-form.js";

const REQUEST_LIMIT = 16 * KIB;
/** Unless the client says how long, in nanoseconds. */
const NO_DURATION = 0;

const batchRequest = z.object({
  file_name: z.string(),
  territory: z.string(),
  total_size: z.number().int().positive(),
  encrypt: z.boolean().nullish(),
  async_upload: z.boolean().nullish(),
  no_tx_proxy: z.boolean().nullish(),
});

/** CD2N's API: a token by a signed message, and uploads with it. Failures are answered as theirs are, in envelopes. */
export function retrieverRoutes(components: SdkServices, api: SdkHolders): PublicRoute[] {
  const { clock, files, batches } = components;

  const genToken: Handler = async (request, response) => {
    const form = await readForm(request);
    const of = (name: string) => form.get(name) ?? "";
    const [account, message, sign] = [of("account"), of("message"), of("sign")];
    const signer = tokenAccount({ account, message, sign }, clock.now());
    const nanoseconds = /^\d{1,19}$/.test(of("exp")) ? Number(of("exp")) : NO_DURATION;
    succeed(response, await api.issue(signer, nanoseconds));
  };

  const uploadFile: Handler = async (request, response, signal) => {
    const account = await api.requireHolder(request);
    await withUploadForm(request, async ({ fields, fileName, file }) => {
      requireTerritory(account, fields.get("territory"));
      requirePlain({ encrypt: fields.get("encrypt") === "true", ownOrder: fields.get("noProxy") === "true" });
      const fid = await files.put(account, requireFileName(fileName), file, undefined, signal);
      if (fields.get("async") === "true") sendEnvelope(response, 200, { code: UPLOADED, msg: "success", data: fid });
      else succeed(response, fid);
    });
  };

  const requestBatch: Handler = async (request, response, signal) => {
    const account = await api.requireHolder(request);
    const asked = await readJson(request, batchRequest, REQUEST_LIMIT);
    requireTerritory(account, asked.territory);
    requirePlain({ encrypt: asked.encrypt === true, ownOrder: asked.no_tx_proxy === true });
    const hash = await batches.begin(account, requireFileName(asked.file_name), asked.total_size, signal);
    sendEnvelope(response, 200, { code: 200, msg: "success", data: hash }, { hash });
  };

  const uploadChunk: Handler = async (request, response, signal) => {
    const account = await api.requireHolder(request);
    const hash = String(request.headers["hash"] ?? "");
    const { fid, end } = await withUploadForm(request, ({ file }) =>
      batches.take(account, hash, request.headers.range, file, signal),
    );
    const data = { fid: fid ?? "", chunk_end: end, file_info: fileInfo(fid) };
    sendEnvelope(response, fid === undefined ? 308 : 200, { code: 200, msg: "success", data });
  };

  const light: Handler = async (request, response, signal) => {
    const account = await api.requireHolder(request);
    const form = await readForm(request);
    const fid = form.get("fid") ?? "";
    if (!isHash(fid)) throw new Refusal(400, "bad file ID");
    requireTerritory(account, form.get("territory"));
    await files.takeOver(account, fid as Fid, requireFileName(form.get("file_name") ?? ""), signal);
    sendEnvelope(response, 200, { code: UPLOADED, msg: "success", data: fid });
  };

  return [
    { path: "/gateway/gentoken", handle: genToken },
    { path: "/gateway/upload/file", handle: uploadFile, longBody: true as const },
    { path: "/gateway/upload/batch/request", handle: requestBatch },
    { path: "/gateway/upload/batch/file", handle: uploadChunk, longBody: true as const },
    { path: "/gateway/upload/light", handle: light },
  ].map((route) => ({ ...route, methods: ["POST"], handle: refusing(route.handle) }));
}

function requirePlain({ encrypt, ownOrder }: { readonly encrypt: boolean; readonly ownOrder: boolean }): void {
  if (encrypt) throw notOffered("encryption for proxy re-encryption (encrypt)");
  if (ownOrder) throw notOffered("orders that the client signs itself (noProxy)");
}

function succeed(response: ServerResponse, data: unknown): void {
  sendEnvelope(response, 200, { code: 200, msg: "success", data });
}

/** All that the SDKs read of it: clients that sign orders themselves get more from CD2N. */
function fileInfo(fid: Fid | undefined): object {
  return {
    fid: fid ?? "",
    file_name: "",
    base_dir: "",
    file_size: 0,
    owner: null,
    territory: "",
    segments: null,
    fragments: null,
  };
}
