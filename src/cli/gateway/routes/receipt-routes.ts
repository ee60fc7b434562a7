import { AdminRefusal, json, type AdminAnswer, type AdminRoute } from "../../../admin/admin-server.js";
import { DomainError } from "../../../model/errors.js";
import { isHash, type Fid } from "../../../model/hash.js";
import type { Services } from "../services.js";

/** Longer than the chain's client waits for an answer, ms. */
const CHAIN_MS = 45_000;

/** Documents signed by the gateway's account: of stored objects, and of files that it had deleted. */
export function receiptRoutes(parts: Pick<Services, "catalog" | "receipts">): AdminRoute[] {
  return [
    {
      method: "GET",
      path: /^\/receipts\/([^/]+)\/(.+)$/s,
      run: async ([bucket = "", key = ""], _body, query) => {
        const version = await parts.catalog.objects.get(bucket, key, query.get("versionId") ?? undefined);
        if (!version || version.deleteMarker)
          throw new AdminRefusal(404, `there is no such object: ${JSON.stringify(`${bucket}/${key}`)}`);
        return answered(async () => json(await parts.receipts.of(version.id, AbortSignal.timeout(CHAIN_MS))));
      },
    },
    {
      method: "GET",
      path: /^\/deletions\/([^/]+)$/,
      run: ([fid = ""]) => {
        if (!isHash(fid)) throw new AdminRefusal(400, "a FID has 64 hex digits, in lower case");
        return answered(async () => {
          const certificates = await parts.receipts.deletions(fid as Fid, AbortSignal.timeout(CHAIN_MS));
          if (certificates.length > 0) return json(certificates);
          throw new AdminRefusal(
            404,
            "this gateway has not deleted this file for any owner that the chain does not list",
          );
        });
      },
    },
  ];
}

/** Failures of receipts, with their status. */
async function answered(work: () => Promise<AdminAnswer>): Promise<AdminAnswer> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof DomainError)) throw cause;
    const { kind, message } = cause;
    const status = kind === "noObject" ? 404 : kind === "notStored" ? 409 : kind === "noReceipt" ? 400 : 503;
    throw new AdminRefusal(status, message, { cause });
  }
}
