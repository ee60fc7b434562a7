import { AdminRefusal, json, type AdminRoute } from "../../../admin/admin-server.js";
import type { Catalog, KnownShare } from "../../../catalog/catalog.js";
import { isProblem } from "../../../model/errors.js";
import { formatAccount } from "../../../network/chain/address.js";
import { newShareSchema, type ShareAnswer } from "../../admin-answers.js";
import type { Accounts } from "../accounts.js";
import { parseBody } from "../identity-requests.js";
import { publicKeyHex } from "../share-keys.js";
import type { Shares } from "../shares.js";

interface Parts {
  readonly catalog: Pick<Catalog, "shares">;
  readonly shares: Pick<Shares, "sharer" | "requireKey"> & { readonly worker: Pick<Shares["worker"], "flush"> };
  readonly accounts: Pick<Accounts, "owner">;
}

const iso = (ms: number) => new Date(ms).toISOString();

/** Buckets of this gateway that others may read. */
export function shareRoutes(parts: Parts): AdminRoute[] {
  const { catalog, shares } = parts;
  const view = (share: KnownShare) => viewOf(parts, share);
  return [
    { method: "GET", path: /^\/shares$/, run: async () => json((await catalog.shares.all()).map(view)) },
    {
      method: "POST",
      path: /^\/shares$/,
      run: async (_groups, body) => {
        const { bucket, to } = parseBody(newShareSchema, body);
        const recipient = recipientOf(shares, to);
        const created = await catalog.shares.add({ bucket, recipient }).catch((cause: unknown) => {
          throw isProblem(cause, "noBucket") ? new AdminRefusal(404, `there is no bucket ${bucket}`) : cause;
        });
        shares.worker.flush();
        const share = (await catalog.shares.all()).find(
          (each) => each.bucket === bucket && each.recipient === recipient,
        );
        if (!share) throw new AdminRefusal(409, `the share of ${bucket} was ended meanwhile`);
        return json(view(share), created ? 201 : 200);
      },
    },
    {
      method: "DELETE",
      path: /^\/shares\/([^/]+)\/([^/]+)$/,
      run: async ([bucket = "", to = ""]) => {
        if (!(await catalog.shares.remove({ bucket, recipient: recipientOf(shares, to) })))
          throw new AdminRefusal(404, `${bucket} is not shared with ${to}`);
        return json({ revoked: bucket });
      },
    },
  ];
}

function recipientOf({ sharer, requireKey }: Parts["shares"], text: string): string {
  let recipient: string;
  try {
    recipient = publicKeyHex(text);
    requireKey(recipient);
  } catch (cause) {
    throw new AdminRefusal(
      400,
      `${JSON.stringify(text.slice(0, 80))} is no public key of an account: 64 hex digits, or an SS58 address, of an sr25519 key`,
      { cause },
    );
  }
  if (recipient === sharer) throw new AdminRefusal(400, "that is this gateway's own key");
  return recipient;
}

function viewOf({ shares, accounts }: Parts, share: KnownShare): ShareAnswer {
  const { bucket, owner = "", recipient, stream, createdAt, snapshots } = share;
  const last = snapshots.at(-1);
  const account = accounts.owner(owner)?.cessAccount;
  return {
    bucket,
    to: formatAccount(Buffer.from(recipient, "hex")),
    key: `0x${recipient}`,
    createdAt: iso(createdAt),
    ...(last && {
      snapshot: { number: last.number, readAt: iso(last.readAt), state: last.file?.state ?? "gone" },
    }),
    ...(account !== undefined && {
      mount: `{account: ${account}, mode: read, gateway: "0x${shares.sharer}", stream: "${stream}"}`,
    }),
  };
}
