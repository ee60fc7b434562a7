import type { AskingGateway } from "../support/asking-gateway.js";
import type { MultipartEtag } from "../../src/gateway/uploads/uploads.js";
import type { Contents } from "./contents.js";
import type { Incarnation } from "./incarnation.js";
import type { Packing } from "./packing.js";
import type { Rot } from "./rot.js";
import type { Register } from "./register.js";
import type { Owner } from "./scheduler.js";
import type { Secrecy } from "./secrecy.js";

/** The gateway died while it was asked. */
export class ConnectionLost extends Error {}

/** What the model forbids. */
export class Violation extends Error {}

/** The world as its clients see it. */
export interface Service {
  readonly owner: Owner;
  readonly contents: Contents;
  readonly secrecy: Secrecy;
  readonly multipartEtag: MultipartEtag;
  readonly packing: Packing;
  readonly rot: Rot;
  readonly random: () => number;
  readonly keys: readonly string[];
  register(bucket: string, key: string): Register;
  /** Keys that a copy writes at the moment: nobody else touches them. */
  readonly exclusive: Set<string>;
  readonly busy: Map<string, number>;
  /** Whether the network is such that reads and writes may fail for want of it. */
  readonly troubled: () => boolean;
  /** Asks the running gateway, waiting for one; rejects with ConnectionLost when that dies. */
  request<T>(ask: (gateway: AskingGateway, incarnation: Incarnation) => Promise<T>): Promise<T>;
  trace(line: () => string): void;
}
