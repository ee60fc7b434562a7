import type { Config } from "../../config/config.js";

/*
 * What the primary process and its children tell each other, over Node's own channel between parent and child. The children
 * obey these messages alone: signals are for the primary.
 */

/** `background`: chain, jobs, cache, encoders, and all listeners but S3's. `request`: the S3 listener. */
export type Role = "background" | "request";

/** A process of the gateway, as operators are shown it. */
export interface ProcessView {
  readonly role: "primary" | Role;
  /** 1, 2 … of a request process; 0 of others. */
  readonly index: number;
  /** Undefined while it is not running. */
  readonly pid: number | undefined;
  /** When it was started last, ms since 1970. */
  readonly since: number;
  /** How often it was started again. */
  readonly restarts: number;
  /** When it died last, ms since 1970, and how. */
  readonly died?: { readonly at: number; readonly how: string } | undefined;
  /** Of the primary, bytes. */
  readonly memoryBytes?: number | undefined;
  /** Whether it does its work: false while it starts or waits to be started. */
  readonly serving: boolean;
}

/** Where a process listens. */
export interface ListenUrls {
  readonly s3?: string | undefined;
  readonly admin?: string | undefined;
  readonly peers?: string | undefined;
  readonly console?: string | undefined;
  readonly public?: string | undefined;
}

/** A route of the admin listener that the primary answers. */
export interface PrimaryRoute {
  readonly method: string;
  readonly path: RegExp;
}

export interface StartMessage {
  readonly kind: "start";
  readonly role: Role;
  /** 1, 2 … of a request process; 0 of the background process. */
  readonly index: number;
  /** Request processes. */
  readonly processes: number;
  readonly config: Config;
  /** Path of the background process' socket. */
  readonly socket: string;
  readonly routes: readonly PrimaryRoute[];
  /** All processes, as they are now. */
  readonly views: readonly ProcessView[];
}

/** A configuration that was read again, or why it cannot be used. */
export type Reloaded = { readonly config: Config } | { readonly refused: string };

export type ToChild =
  | StartMessage
  /** To be answered at once, with `alive`. */
  | { readonly kind: "probe" }
  | { readonly kind: "reload"; readonly loaded: Reloaded }
  /** Not ready; then no new requests, while those under way may finish. A request process ends after that. */
  | { readonly kind: "drain"; readonly atOnce: boolean }
  /** The background process ends. */
  | { readonly kind: "close" }
  /** S3 is served. `again`: it was before, too. */
  | { readonly kind: "serving"; readonly endpoint: string; readonly again: boolean }
  | { readonly kind: "processes"; readonly processes: readonly ProcessView[] }
  | { readonly kind: "answer"; readonly id: number; readonly value?: unknown; readonly error?: string };

export type FromChild =
  /** The child listens to messages. */
  | { readonly kind: "ready" }
  | { readonly kind: "started"; readonly urls: ListenUrls }
  | { readonly kind: "alive" }
  /** It could not start. `key`: the setting that this is about. */
  | { readonly kind: "failed"; readonly message: string; readonly key: string | undefined }
  | { readonly kind: "reloaded" }
  /** The whole gateway must end; the log says why. */
  | { readonly kind: "end" }
  /** Asks the primary to run one of its routes. */
  | {
      readonly kind: "ask";
      readonly id: number;
      readonly route: number;
      readonly groups: readonly string[];
      readonly body: unknown;
      readonly query: string;
    };

/** What a child does when it is told to. */
export interface ChildRole {
  readonly urls: ListenUrls;
  /** Obeys any other message than the first. */
  obey(message: ToChild): Promise<void>;
}

export type Tell = (message: FromChild) => void;
