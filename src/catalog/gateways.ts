import type { Selectable } from "kysely";
import { defined } from "../model/defined.js";
import type { Clock } from "../model/clock.js";
import type { Beat, GatewayCatalog, GatewayFacts, KnownGateway } from "./catalog.js";
import { knownMigrations } from "./migrations.js";
import { barring, newerMigrations } from "./schema-compatibility.js";
import type { GatewayTable } from "./coordination-schema.js";
import type { Store, Tx } from "./store.js";

export class GatewayTableCatalog implements GatewayCatalog {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
  ) {}

  async list(): Promise<KnownGateway[]> {
    return (await this.store.reads.selectFrom("gateways").selectAll().orderBy("id").execute()).map(toGateway);
  }

  async enter(gateway: GatewayFacts, known?: Pick<KnownGateway, "incarnation" | "beats">): Promise<boolean> {
    const schema = await newestKnown();
    return this.store.write(async (tx) => {
      const row = await rowOf(tx, gateway.id);
      if (row?.incarnation !== known?.incarnation || row?.beats !== known?.beats) return false;
      if (row) await tx.deleteFrom("gateways").where("id", "=", gateway.id).execute();
      await this.insert(tx, gateway, schema);
      return true;
    });
  }

  async beat(
    gateway: GatewayFacts,
    { address, gone }: { readonly address?: string; readonly gone: number },
  ): Promise<Beat> {
    const schema = await newestKnown();
    const known = await knownMigrations();
    return this.store.write(async (tx) => {
      if (barring(await newerMigrations(tx, schema), known).length > 0) return "outdated";
      const row = await rowOf(tx, gateway.id);
      if (row && row.incarnation !== gateway.incarnation) return "replaced";
      if (!row) await this.insert(tx, gateway, schema);
      await tx
        .updateTable("gateways")
        .set((eb) => ({ seen_at: this.clock.now(), beats: eb("beats", "+", 1), address: address ?? null }))
        .where("id", "=", gateway.id)
        .execute();
      await tx.deleteFrom("gateways").where("seen_at", "<", gone).where("id", "!=", gateway.id).execute();
      return "taken";
    });
  }

  async leave({ id, incarnation }: Pick<GatewayFacts, "id" | "incarnation">): Promise<void> {
    await this.store.write((tx) =>
      tx.deleteFrom("gateways").where("id", "=", id).where("incarnation", "=", incarnation).execute(),
    );
  }

  time(): Promise<number | undefined> {
    return this.store.time();
  }

  private async insert(tx: Tx, gateway: GatewayFacts, schema: string): Promise<void> {
    const { id, incarnation, place, host, folder, version, staging, startedAt } = gateway;
    await tx
      .insertInto("gateways")
      .values({
        id,
        incarnation,
        place,
        host,
        folder,
        version,
        schema,
        staging: staging ?? null,
        address: null,
        started_at: startedAt,
        seen_at: this.clock.now(),
        beats: 1,
      })
      .execute();
  }
}

function rowOf(tx: Tx, id: string) {
  return tx.selectFrom("gateways").select(["incarnation", "beats"]).where("id", "=", id).executeTakeFirst();
}

async function newestKnown(): Promise<string> {
  return (await knownMigrations()).at(-1) ?? "";
}

function toGateway(row: Selectable<GatewayTable>): KnownGateway {
  const { id, incarnation, place, host, folder, version, schema, beats } = row;
  return defined({
    id,
    incarnation,
    place,
    host,
    folder,
    version,
    schema,
    staging: row.staging ?? undefined,
    address: row.address ?? undefined,
    startedAt: row.started_at,
    seenAt: row.seen_at,
    beats,
  });
}
