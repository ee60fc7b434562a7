import { useSignal } from "@preact/signals";
import { encode } from "uqr";
import { useMemo } from "preact/hooks";
import { moment } from "../lib/format.js";
import type { S3 } from "../lib/s3.js";
import { t } from "../texts.js";
import { CopyButton, Dialog, Field, Name, Notice } from "../ui/parts.js";

/** S3's limit: seven days, in seconds. */
const TIMES: readonly (readonly [number, string])[] = [
  [3600, t.hour],
  [86_400, t.day],
  [604_800, t.week],
];

/** A link for someone without a key. It is made here: the gateway hears of it when it is used. */
export function ShareDialog(props: {
  s3: S3;
  bucket: string;
  name: string;
  version?: string | undefined;
  onClose: () => void;
}) {
  const { s3, bucket, name, version } = props;
  const seconds = useSignal(86_400);
  const link = useMemo(
    () => s3.shareLink(bucket, name, seconds.value, { versionId: version }),
    [bucket, name, version, seconds.value],
  );
  const until = new Date(Date.now() + seconds.value * 1000).toISOString();
  return (
    <Dialog title={t.share} onClose={props.onClose}>
      <p class="break">
        <strong>
          <Name text={name} />
        </strong>
      </p>
      <Field label={t.validFor} hint={t.validUntil(moment(until))}>
        <select value={seconds.value} onChange={(event) => (seconds.value = Number(event.currentTarget.value))}>
          {TIMES.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t.link}>
        <input readOnly value={link} onFocus={(event) => event.currentTarget.select()} />
      </Field>
      <div class="row" style={{ alignItems: "flex-start", justifyContent: "space-between" }}>
        <QrCode text={link} />
        <CopyButton text={link} label={t.copyLink} />
      </div>
      <Notice>{s3.credentials.sessionToken === undefined ? t.shareHint : t.shareSessionHint}</Notice>
    </Dialog>
  );
}

function QrCode({ text }: { text: string }) {
  const code = useMemo(() => {
    try {
      return encode(text, { ecc: "L", border: 0 });
    } catch {
      return undefined;
    }
  }, [text]);
  // Names of 1,024 bytes make links that no code can hold.
  if (!code) return <span class="muted small">{t.tooLongForQr}</span>;
  const path = code.data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${code.size} ${code.size}`}
      shape-rendering="crispEdges"
      role="img"
      aria-label={t.qrCode}
    >
      <path d={path} fill="#000" />
    </svg>
  );
}
