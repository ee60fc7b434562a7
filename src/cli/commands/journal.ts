import { journalSchema, type JournalAnswer } from "../admin-answers.js";
import { AdminClient, type AdminOptions } from "../admin-client.js";
import { ageText, bytesText, tableText } from "../text.js";

type Options = AdminOptions & { readonly json?: boolean };

/** `cess-s3 journal status`: what of the catalog is on CESS. */
export async function runJournalStatus({ json, ...options }: Options): Promise<void> {
  show(await AdminClient.open(options).get("/journal", journalSchema), json);
}

/** `cess-s3 journal flush`: begins a journal now. */
export async function runJournalFlush({ json, ...options }: Options): Promise<void> {
  show(await AdminClient.open(options).post("/journal/flush", undefined, journalSchema), json);
}

function show(answer: JournalAnswer, json: boolean | undefined): void {
  console.log(json ? JSON.stringify(answer, undefined, 2) : textOf(answer));
}

function textOf({ enabled, stream, snapshotDue, changedSince, pending, journals, mounts }: JournalAnswer): string {
  return tableText([
    ["journal", enabled ? stream : `${stream} (not kept: journal.enabled is false)`],
    [
      "to be written",
      changedSince === undefined ? "nothing" : `${pending} changes, the oldest ${ageText(changedSince)} old`,
    ],
    ...(snapshotDue ? [["", "nothing can be rebuilt before the next snapshot is stored"] as const] : []),
    ...journals.map(
      (each) =>
        [
          `${each.snapshot ? "snapshot" : "journal"} ${each.number}`,
          `${each.state}, ${each.units} units, ${bytesText(each.bytes)}, ${each.fid}`,
        ] as const,
    ),
    ...mounts.map(
      ({ mount, number, readAt, failure }) =>
        [
          `mount ${mount}`,
          [
            readAt === undefined ? "nothing replayed yet" : `as it was ${ageText(readAt)} ago, journal ${number}`,
            ...(failure === undefined ? [] : [failure]),
          ].join("; "),
        ] as const,
    ),
  ]);
}
