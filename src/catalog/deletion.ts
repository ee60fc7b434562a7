import { requireUnlocked, type ObjectLock } from "../model/object-lock.js";
import type { Preconditions } from "../model/precondition.js";
import { orphansAmong } from "./blob-links.js";
import type { Deleted, DeleteRequest } from "./catalog.js";
import { recordEvents } from "./events.js";
import { unpackJson } from "./json.js";
import type { Tx } from "./store.js";
import {
  findPlace,
  findVersion,
  removeRow,
  requirePreconditions,
  succeed,
  type KnownVersion,
  type Place,
} from "./succession.js";
import { insertVersion, unlinkVersion } from "./versions.js";

const NOTHING: Deleted = { deleted: false, deleteMarker: false, orphans: [] };

/** See ObjectCatalog.delete. */
export async function deleteObject(
  tx: Tx,
  now: number,
  name: Pick<Place, "bucket" | "key">,
  preconditions: Preconditions | undefined,
  request: DeleteRequest,
): Promise<Deleted> {
  const deleted = await remove(tx, now, name, preconditions, request);
  const { announce } = request;
  if (!announce || !deleted.deleted) return deleted;
  const marked = deleted.deleteMarker && request.versionId === undefined;
  const event = announce.event.replace("*", marked ? "DeleteMarkerCreated" : "Delete") as typeof announce.event;
  await recordEvents(tx, now, announce, { ...name, versionId: deleted.versionId }, event);
  return deleted;
}

async function remove(
  tx: Tx,
  now: number,
  name: Pick<Place, "bucket" | "key">,
  preconditions: Preconditions | undefined,
  request: DeleteRequest,
): Promise<Deleted> {
  const place = await findPlace(tx, name.bucket, name.key);
  const { versionId } = request;
  const subject = versionId === undefined ? place.current : await findVersion(tx, place, versionId);
  if (request.onlyId !== undefined && request.onlyId !== String(subject?.id)) return NOTHING;
  requirePreconditions(preconditions, place.key, subject);
  if (versionId === undefined && place.versioning !== undefined)
    return setMarker(tx, now, place, request.owner ?? place.owner);
  if (!subject) return NOTHING;
  const deleted = await removeNamed(tx, now, place, subject, request.bypassGovernance === true);
  return versionId === undefined ? { ...deleted, deleteMarker: false } : { ...deleted, versionId };
}

async function removeNamed(
  tx: Tx,
  now: number,
  place: Place,
  version: KnownVersion,
  bypass: boolean,
): Promise<Deleted> {
  requireUnlocked(unpackJson(version.lock) as ObjectLock | undefined, now, bypass);
  await removeRow(tx, place, version);
  const released = await unlinkVersion(tx, now, version);
  return { deleted: true, deleteMarker: version.deleteMarker, orphans: await orphansAmong(tx, released) };
}

async function setMarker(tx: Tx, now: number, place: Place, owner: string): Promise<Deleted> {
  const { versionId, replaced } = await succeed(tx, place);
  const marker = { bucket: place.bucket, key: place.key, owner, size: 0, etag: "", content: {}, metadata: {} };
  await insertVersion(tx, now, marker, { versionId, deleteMarker: true });
  const released = replaced ? await unlinkVersion(tx, now, replaced) : [];
  return { deleted: true, versionId, deleteMarker: true, orphans: await orphansAmong(tx, released) };
}
