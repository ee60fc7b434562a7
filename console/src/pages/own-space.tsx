import { useMemo } from "preact/hooks";
import type { S3 } from "../lib/s3.js";
import { t } from "../texts.js";
import { Space, type SpaceSource } from "./space.js";

/** Territory of the account that has signed in. */
export function OwnSpace({ s3 }: { s3: S3 }) {
  const source = useMemo<SpaceSource>(
    () => ({
      account: () => s3.own("GET", "/territory/account"),
      quote: (asked) => s3.own("GET", "/territory/quote", asked),
      pass: (signed) => s3.own("POST", "/territory/calls", {}, signed),
    }),
    [s3],
  );
  return (
    <div class="page">
      <h1>{t.space}</h1>
      <section class="card narrow" aria-label={t.space}>
        <p class="muted small">{t.spaceHint}</p>
        <Space source={source} />
      </section>
    </div>
  );
}
