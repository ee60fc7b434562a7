import type { ComponentChildren } from "preact";
import type { S3 } from "../lib/s3.js";

export interface SettingsProps {
  s3: S3;
  bucket: string;
}

export function Section({ title, hint, children }: { title: string; hint?: string; children: ComponentChildren }) {
  return (
    <section class="card" aria-label={title}>
      <h2>{title}</h2>
      {hint !== undefined && <p class="muted small">{hint}</p>}
      {children}
    </section>
  );
}
