import type { Registry } from "prom-client";
import type { PublicServer } from "../../peers/public-server.js";
import { counter, gauge } from "./families.js";

/** What everyone asks for on the public listener. */
export function publicFamilies(registry: Registry, server: Pick<PublicServer, "counts" | "downloads">): void {
  const of = (name: keyof PublicServer["counts"]) => () => server.counts[name];
  counter(registry, "cess_s3_public_requests_total", "Requests on the public listener", of("requests"));
  counter(registry, "cess_s3_public_requests_refused_total", "Those that were refused or failed", of("refused"));
  counter(registry, "cess_s3_public_requests_limited_total", "Of these, refused by a limit", of("limited"));
  counter(registry, "cess_s3_public_sent_bytes_total", "Bytes of files that everyone was given", of("bytes"));
  gauge(registry, "cess_s3_public_downloads", "Files that are being sent to everyone", () => server.downloads);
}
