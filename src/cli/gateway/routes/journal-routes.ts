import { json, type AdminRoute } from "../../../admin/admin-server.js";
import { defined } from "../../../model/defined.js";
import type { JournalAnswer } from "../../admin-answers.js";
import type { Services } from "../services.js";

type Parts = Pick<Services, "catalog" | "journal" | "followers">;

const iso = (ms: number) => new Date(ms).toISOString();

/** What of the catalog is on CESS, and the order to write what is not. */
export function journalRoutes({ catalog, journal, followers }: Parts): AdminRoute[] {
  const flush = async () => {
    const { flush: write } = journal;
    if (!write) return json({ error: "no journal is kept: journal.enabled is false" }, 409);
    write();
    catalog.announce("journal");
    return json(await journalStatus({ catalog, journal, followers }), 202);
  };
  return [
    { method: "GET", path: /^\/journal$/, run: async () => json(await journalStatus({ catalog, journal, followers })) },
    { method: "POST", path: /^\/journal\/flush$/, run: flush },
  ];
}

async function journalStatus({ catalog, journal, followers }: Parts): Promise<JournalAnswer> {
  const { stream, snapshotDue, changedAt } = await catalog.journal.look();
  const journals = await catalog.journal.journals();
  return {
    enabled: journal.flush !== undefined,
    stream,
    snapshotDue,
    ...(changedAt !== undefined && { changedSince: iso(changedAt) }),
    pending: await catalog.journal.pending(),
    journals: journals.map(({ number, snapshot, fid, units, bytes, readAt, file }) => ({
      number,
      snapshot,
      fid,
      units,
      bytes,
      readAt: iso(readAt),
      state: file?.state ?? "gone",
    })),
    mounts: (await Promise.all(followers.map((follower) => follower.state()))).map(
      ({ mount, replayed, stream, lookedAt, failure }) =>
        defined({
          mount,
          stream,
          number: replayed?.number,
          readAt: replayed && iso(replayed.readAt),
          lookedAt: lookedAt === undefined ? undefined : iso(lookedAt),
          failure,
        }),
    ),
  };
}
