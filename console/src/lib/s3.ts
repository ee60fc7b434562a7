import type { ConsoleFacts } from "../../../src/console/facts.js";
import { Failure, failureOf, keyFailures, networkFailure } from "./failure.js";
import { encode, pathOf, presigned, sha256Hex, signed, UNSIGNED_PAYLOAD, type Credentials } from "./sign.js";
import { childrenOf, escapeXml, parseXml, textOf, XMLNS } from "./xml.js";

export type Query = Readonly<Record<string, string | undefined>>;

export interface Ask {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly bucket?: string;
  readonly key?: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  /** A document; bodies of objects go by `upload`. */
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Blob;
  /** SHA-256 of the body in hex, where it is known. */
  readonly digest?: string;
  readonly onProgress: (sent: number) => void;
  readonly signal: AbortSignal;
}

export interface Entry {
  readonly kind: "folder" | "object" | "marker";
  /** The whole key, or the prefix of a folder. */
  readonly key: string;
  readonly size: number;
  readonly modified: string;
  readonly etag: string;
  readonly versionId?: string;
  readonly latest?: boolean;
}

export interface Page {
  readonly entries: readonly Entry[];
  /** Where the next page begins; undefined after the last. */
  readonly next?: Query;
}

/** Keys that one DeleteObjects takes. */
export const DELETE_BATCH = 1000;

export interface KeyVersion {
  readonly key: string;
  readonly versionId?: string;
}

export interface Removed {
  /** What could not be deleted. */
  readonly failures: readonly { readonly key: string; readonly text: string }[];
  /** Delete markers that were made. */
  readonly markers: readonly KeyVersion[];
}

const pairs = (query: Query = {}) =>
  Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);

/** S3 by way of the page's own origin, signed here with the key of whoever signed in. */
export class S3 {
  constructor(
    readonly credentials: Credentials,
    readonly facts: ConsoleFacts,
  ) {}

  /** The answer, 2xx. Throws Failure; a DOMException when aborted. */
  async ask({ method, bucket, key, query, headers = {}, body, signal }: Ask): Promise<Response> {
    const payload = body === undefined ? UNSIGNED_PAYLOAD : sha256Hex(body);
    const request = { method, path: pathOf(bucket, key), query: pairs(query), headers, payload };
    const answer = await this.fetch(this.urlOf(request.path, request.query), {
      method,
      headers: this.sign(request),
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
    });
    if (!answer.ok) throw failureOf(answer.status, method === "HEAD" ? "" : await answer.text());
    return answer;
  }

  /** The answer's document. */
  async xml(ask: Ask): Promise<Element> {
    const answer = await this.ask(ask);
    const text = await answer.text();
    const root = parseXml(text);
    if (!root) throw new Failure("MalformedAnswer", answer.status, text.slice(0, 200));
    // A long operation begins with 200 and may yet fail.
    if (root.localName === "Error") throw failureOf(500, text);
    return root;
  }

  /** Sends bytes of a file, and tells how far it is, which `fetch` cannot. Resolves with the answer's headers. */
  upload({ bucket, key, query, headers = {}, body, digest, onProgress, signal }: Upload): Promise<Headers> {
    const payload = digest ?? UNSIGNED_PAYLOAD;
    const request = { method: "PUT", path: pathOf(bucket, key), query: pairs(query), headers, payload };
    return new Promise((resolve, reject) => {
      const asked = new XMLHttpRequest();
      const stop = () => asked.abort();
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      signal.addEventListener("abort", stop, { once: true });
      asked.open("PUT", this.urlOf(request.path, request.query));
      for (const [name, value] of Object.entries(this.sign(request))) asked.setRequestHeader(name, value);
      asked.upload.onprogress = ({ loaded }) => onProgress(loaded);
      asked.onabort = () => reject(new DOMException("stopped", "AbortError"));
      asked.onerror = () => reject(networkFailure());
      asked.onloadend = () => signal.removeEventListener("abort", stop);
      asked.onload = () => {
        const { status } = asked;
        if (status < 200 || status > 299) {
          reject(failureOf(status, asked.responseText));
          return;
        }
        const lines = asked.getAllResponseHeaders().trim().split(/\r\n/);
        const headers = new Headers();
        for (const line of lines)
          headers.set(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim());
        resolve(headers);
      };
      asked.send(body);
    });
  }

  /** Buckets that this key may see, by name. */
  async buckets(): Promise<{ name: string; created: string }[]> {
    const root = await this.xml({ method: "GET" });
    return childrenOf(childrenOf(root, "Buckets")[0], "Bucket").map((each) => ({
      name: textOf(each, "Name"),
      created: textOf(each, "CreationDate"),
    }));
  }

  /** One page of a listing. `deleted`: versions and delete markers, too. */
  async list(
    bucket: string,
    options: { prefix: string; delimiter: string; deleted: boolean; from?: Query; signal?: AbortSignal },
  ): Promise<Page> {
    const { prefix, delimiter, deleted, from = {}, signal } = options;
    const query = { prefix, delimiter: delimiter || undefined, "encoding-type": "url", "max-keys": "1000", ...from };
    const kind = deleted ? { versions: "" } : { "list-type": "2" };
    const root = await this.xml({ method: "GET", bucket, query: { ...kind, ...query }, ...(signal && { signal }) });
    const entries = [...root.children].flatMap((each) => entryOf(each));
    const more = textOf(root, "IsTruncated") === "true";
    if (!more) return { entries };
    const marker = (name: string) => decodeUrl(textOf(root, name)) || undefined;
    const next = deleted
      ? { "key-marker": marker("NextKeyMarker"), "version-id-marker": textOf(root, "NextVersionIdMarker") || undefined }
      : { "continuation-token": textOf(root, "NextContinuationToken") };
    return { entries, next };
  }

  /** Deletes keys, or versions of them, at most 1000. */
  async remove(bucket: string, keys: readonly KeyVersion[]): Promise<Removed> {
    const objects = keys.map(
      ({ key, versionId }) =>
        `<Object><Key>${escapeXml(key)}</Key>${versionId === undefined ? "" : `<VersionId>${escapeXml(versionId)}</VersionId>`}</Object>`,
    );
    const body = `<Delete ${XMLNS}>${objects.join("")}</Delete>`;
    const root = await this.xml({ method: "POST", bucket, query: { delete: "" }, body, headers: checksumOf(body) });
    // An answer about a version that was named is not about a marker that was made.
    const made = childrenOf(root, "Deleted").filter((each) => textOf(each, "VersionId") === "");
    const markers = made.map((each) => ({
      key: textOf(each, "Key"),
      versionId: textOf(each, "DeleteMarkerVersionId"),
    }));
    return { failures: keyFailures(root), markers: markers.filter(({ versionId }) => versionId !== "") };
  }

  /** Sets a document of a bucket or an object, such as `tagging`. */
  async putDocument(at: { bucket: string; key?: string; query: Query }, body: string): Promise<void> {
    await this.ask({ method: "PUT", ...at, body, headers: checksumOf(body) });
  }

  async removeDocument(at: { bucket: string; query: Query }): Promise<void> {
    await this.ask({ method: "DELETE", ...at });
  }

  /** A document's text; undefined where none is set. */
  async document(at: { bucket: string; key?: string; query: Query }): Promise<string | undefined> {
    try {
      return await (await this.ask({ method: "GET", ...at })).text();
    } catch (error) {
      if (error instanceof Failure && error.status === 404 && error.code !== "NoSuchBucket") return undefined;
      throw error;
    }
  }

  /** What the owner may see of how a bucket or an object is kept: asked with a signature of its HEAD. */
  async insight<T>(bucket: string, key: string, versionId?: string): Promise<T> {
    const path = pathOf(bucket, key);
    const query: [string, string][] = versionId === undefined ? [] : [["versionId", versionId]];
    const headers = this.sign({ method: "HEAD", path, query, headers: {}, payload: UNSIGNED_PAYLOAD });
    const kind = key === "" ? "buckets" : "objects";
    const answer = await this.fetch(`/console/${kind}/${encodeURIComponent(path)}${searchOf(query)}`, { headers });
    if (!answer.ok) throw failureOf(answer.status, "");
    return (await answer.json()) as T;
  }

  /** What the gateway tells or does for the account of this key, beside S3. `path` begins with `/territory/` and so on. */
  async own<T>(method: "GET" | "POST", path: string, query: Query = {}, body?: unknown): Promise<T> {
    const text = body === undefined ? "" : JSON.stringify(body);
    const request = {
      method,
      path: `/console/owner${path}`,
      query: pairs(query),
      headers: {},
      payload: sha256Hex(text),
    };
    const target = { ...this.target, service: "cess-s3-console" };
    const answer = await this.fetch(`${request.path}${searchOf(request.query)}`, {
      method,
      headers: { ...signed(request, target, this.credentials, new Date()), "content-type": "application/json" },
      ...(text !== "" && { body: text }),
    });
    if (!answer.ok) throw failureOf(answer.status, await answer.text());
    return (await answer.json()) as T;
  }

  /** A link of this origin, for players and downloads of the page itself; valid for 15 minutes. */
  ownLink(bucket: string, key: string, query: Query = {}): string {
    const request = { method: "GET", path: pathOf(bucket, key), query: pairs(query) };
    const search = presigned(request, this.target, this.credentials, new Date(), 900);
    return `/console/s3/${encodeURIComponent(request.path)}?${search}`;
  }

  /** A link that can be given away: of the S3 endpoint, valid for `seconds`. */
  shareLink(bucket: string, key: string, seconds: number, query: Query = {}): string {
    const request = { method: "GET", path: pathOf(bucket, key), query: pairs(query) };
    const { endpoint } = this;
    const target = { host: new URL(endpoint).host, region: this.facts.region };
    return `${endpoint}${request.path}?${presigned(request, target, this.credentials, new Date(), seconds)}`;
  }

  /** The S3 endpoint's URL, as far as it is known here. */
  get endpoint(): string {
    const { s3Endpoint, s3Scheme, s3Port } = this.facts;
    if (s3Endpoint !== undefined) return s3Endpoint;
    const url = new URL(`${s3Scheme}://${location.hostname}`);
    url.port = String(s3Port);
    return url.origin;
  }

  private get target() {
    return { host: location.host, region: this.facts.region };
  }

  private sign(request: Parameters<typeof signed>[0]): Record<string, string> {
    return { ...signed(request, this.target, this.credentials, new Date()) };
  }

  private urlOf(path: string, query: readonly (readonly [string, string])[]): string {
    return `/console/s3/${encodeURIComponent(path)}${searchOf(query)}`;
  }

  private async fetch(url: string, init: RequestInit): Promise<Response> {
    try {
      // No cookies, no cache, and nowhere else.
      return await fetch(url, { ...init, credentials: "omit", cache: "no-store", redirect: "manual" });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw networkFailure();
    }
  }
}

function searchOf(query: readonly (readonly [string, string])[]): string {
  const search = query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
  return search === "" ? "" : `?${search}`;
}

const hexToBase64 = (hex: string) =>
  btoa(String.fromCharCode(...(hex.match(/../g) ?? []).map((byte) => parseInt(byte, 16))));

/** Documents need a checksum, as on AWS. */
const checksumOf = (body: string) => ({ "x-amz-checksum-sha256": hexToBase64(sha256Hex(body)) });

export const checksumHeader = (hex: string) => ({ "x-amz-checksum-sha256": hexToBase64(hex) });
export { hexToBase64 };

const decodeUrl = (text: string) => decodeURIComponent(text.replaceAll("+", " "));

function entryOf(element: Element): Entry[] {
  const texts = new Map<string, string>();
  for (const { localName, textContent } of element.children) texts.set(localName, textContent);
  const read = (name: string) => texts.get(name) ?? "";
  const key = decodeUrl(read("Key"));
  const versionId = read("VersionId");
  const version = versionId === "" ? {} : { versionId, latest: read("IsLatest") === "true" };
  const common = { key, modified: read("LastModified"), etag: read("ETag").replaceAll('"', ""), ...version };
  switch (element.localName) {
    case "Contents":
    case "Version":
      return [{ kind: "object", size: Number(read("Size")), ...common }];
    case "DeleteMarker":
      return [{ kind: "marker", size: 0, ...common }];
    case "CommonPrefixes":
      return [{ kind: "folder", key: decodeUrl(read("Prefix")), size: 0, modified: "", etag: "" }];
    default:
      return [];
  }
}
