import { requireUnlocked } from "../model/object-lock.js";
import type { Preconditions } from "../model/precondition.js";
import { orphansAmong } from "./blob-links.js";
import type { Deleted, DeleteRequest } from "./catalog.js";
import { recordEvents } from "./events.js";
import { lockColumn } from "./json-columns.js";
import type { Tx } from "./store.js";
import { freeUsage, usageOf } from "./usage.js";
import {
  findSlot,
  findVersion,
  removeRow,
  requirePreconditions,
  prepareInsertion,
  type KnownVersion,
  type ObjectSlot,
} from "./version-chain.js";
import { insertVersion, unlinkVersion } from "./versions.js";

const NOTHING: Deleted = { deleted: false, deleteMarker: false, orphans: [] };

/** See ObjectCatalog.delete. */
export async function deleteObject(
  tx: Tx,
  now: number,
  name: Pick<ObjectSlot, "bucket" | "key">,
  preconditions: Preconditions | undefined,
  request: DeleteRequest,
): Promise<Deleted> {
  const deleted = await remove(tx, now, name, preconditions, request);
  const { outboxEvent } = request;
  if (!outboxEvent || !deleted.deleted) return deleted;
  const marked = deleted.deleteMarker && request.versionId === undefined;
  const event = outboxEvent.event.replace("*", marked ? "DeleteMarkerCreated" : "Delete") as typeof outboxEvent.event;
  await recordEvents(tx, now, outboxEvent, { ...name, versionId: deleted.versionId }, event);
  return deleted;
}

async function remove(
  tx: Tx,
  now: number,
  name: Pick<ObjectSlot, "bucket" | "key">,
  preconditions: Preconditions | undefined,
  request: DeleteRequest,
): Promise<Deleted> {
  const slot = await findSlot(tx, name.bucket, name.key);
  const { versionId } = request;
  const subject = versionId === undefined ? slot.current : await findVersion(tx, slot, versionId);
  if (request.onlyId !== undefined && request.onlyId !== String(subject?.id)) return NOTHING;
  requirePreconditions(preconditions, slot.key, subject);
  if (versionId === undefined && slot.versioning !== undefined)
    return setMarker(tx, now, slot, request.owner ?? slot.owner);
  if (!subject) return NOTHING;
  const deleted = await removeNamed(tx, now, slot, subject, request.bypassGovernance === true);
  return versionId === undefined ? { ...deleted, deleteMarker: false } : { ...deleted, versionId };
}

async function removeNamed(
  tx: Tx,
  now: number,
  slot: ObjectSlot,
  version: KnownVersion,
  bypass: boolean,
): Promise<Deleted> {
  requireUnlocked(lockColumn.unpack(version.lock), now, bypass);
  await removeRow(tx, slot, version);
  await freeUsage(tx, slot.bucket, usageOf(version));
  const released = await unlinkVersion(tx, now, version);
  return { deleted: true, deleteMarker: version.deleteMarker, orphans: await orphansAmong(tx, released) };
}

async function setMarker(tx: Tx, now: number, slot: ObjectSlot, owner: string): Promise<Deleted> {
  const { versionId, replaced } = await prepareInsertion(tx, slot);
  const marker = { bucket: slot.bucket, key: slot.key, owner, size: 0, etag: "", content: {}, metadata: {} };
  await insertVersion(tx, now, marker, { versionId, deleteMarker: true });
  if (replaced) await freeUsage(tx, slot.bucket, usageOf(replaced));
  const released = replaced ? await unlinkVersion(tx, now, replaced) : [];
  return { deleted: true, versionId, deleteMarker: true, orphans: await orphansAmong(tx, released) };
}
