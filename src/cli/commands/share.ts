import { z } from "zod";
import { sharesSchema, shareSchema, type ShareAnswer } from "../admin-answers.js";
import { AdminClient, type AdminOptions } from "../admin-client.js";
import { ageText, tableText } from "../text.js";

export interface ShareOptions extends AdminOptions {
  readonly to: string;
  readonly revoke?: boolean;
  readonly json?: boolean;
}

/** `cess-s3 share BUCKET --to PUBLIC_KEY`: lets another gateway read one bucket; with `--revoke` no more. */
export async function runShare(bucket: string, { to, revoke, json, ...options }: ShareOptions): Promise<void> {
  const client = AdminClient.open(options);
  if (revoke) {
    const path = `/shares/${encodeURIComponent(bucket)}/${encodeURIComponent(to)}`;
    const answer = await client.delete(path, z.object({ revoked: z.string() }));
    console.log(
      json ? JSON.stringify(answer) : `${bucket} is not shared with ${to} any more: nothing new is written for it`,
    );
    return;
  }
  const share = await client.post("/shares", { bucket, to }, shareSchema);
  const mount = share.mount ?? "(the bucket's owner has no account here)";
  const text = `${bucket} is shared with ${share.to}. The other gateway's configuration:\n\nmounts: [${mount}]`;
  console.log(json ? JSON.stringify(share, undefined, 2) : text);
}

/** `cess-s3 shares`: which buckets are shared with whom. */
export async function runShares({ json, ...options }: AdminOptions & { readonly json?: boolean }): Promise<void> {
  const shares = await AdminClient.open(options).get("/shares", sharesSchema);
  if (json) console.log(JSON.stringify(shares, undefined, 2));
  else console.log(shares.length === 0 ? "no bucket is shared" : tableText(shares.map(lineOf)));
}

function lineOf({ bucket, to, snapshot }: ShareAnswer): readonly [string, string] {
  return [
    bucket,
    `${to}, ${snapshot ? `as it was ${ageText(snapshot.readAt)} ago, ${snapshot.state}` : "not written yet"}`,
  ];
}
