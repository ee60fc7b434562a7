/** What a gateway says of itself. */
export interface GatewayFacts {
  /** Of the gateway, over restarts; of each one that uses the catalog another. */
  readonly id: string;
  /** Random, of this start. */
  readonly incarnation: string;
  /** Random, of its data folder: what has it is the same gateway, whatever its host is called now. */
  readonly place: string;
  readonly host: string;
  readonly folder: string;
  readonly version: string;
  /** A token that whoever shares its staging finds there; undefined where it stages in its data folder. */
  readonly staging?: string;
  readonly startedAt: number;
}

export interface KnownGateway extends GatewayFacts {
  /** The newest migration that its program knows. */
  readonly schema: string;
  /** URL of its S3 listener; undefined while it starts. */
  readonly address?: string;
  /** Its last sign of life, by its own clock. */
  readonly seenAt: number;
  /** Signs of life so far: a number that grows was written by one that runs, whatever the clocks say. */
  readonly beats: number;
}

/** `replaced`: another start has the id. `outdated`: a newer program has changed the schema so that this one must end. */
export type Beat = "taken" | "replaced" | "outdated";

/** The gateways that use the catalog. */
export interface GatewayCatalog {
  /** By id. */
  list(): Promise<KnownGateway[]>;
  /**
   * Enters a gateway under its id. `known`: what was read of the one that had the id, which is replaced. False, and nothing
   * is written, where it has changed since.
   */
  enter(gateway: GatewayFacts, known?: Pick<KnownGateway, "incarnation" | "beats">): Promise<boolean>;
  /**
   * A sign of life. Rows of gateways that were last seen before `gone` are removed. A gateway whose own row was removed so
   * is entered again.
   */
  beat(gateway: GatewayFacts, more: { readonly address?: string; readonly gone: number }): Promise<Beat>;
  /** The gateway ends: its id is free. Does nothing where another start has it. */
  leave(gateway: Pick<GatewayFacts, "id" | "incarnation">): Promise<void>;
  /** What the database's clock shows, ms since 1970; undefined where it is the clock of this machine. */
  time(): Promise<number | undefined>;
}
