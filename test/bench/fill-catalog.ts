import Database from "libsql";
import { FRAGMENTS } from "../../src/model/sizes.js";

/** What one segment's hashes are: its own and its fragments'. */
const HASHES = 1 + FRAGMENTS;

/** Puts `count` empty objects `p00000/000000` … into a bucket, `perPrefix` under each prefix, without the gateway. */
export function fillCatalog(path: string, bucket: string, owner: string, count: number, perPrefix: number): void {
  const database = new Database(path);
  try {
    database.pragma("synchronous = OFF");
    database
      .prepare(
        `
      with recursive numbers (n) as (select 0 union all select n + 1 from numbers where n + 1 < ?)
      insert into versions (bucket, key, version_id, is_latest, delete_marker, owner, size, etag, created_at, staged_segments, content, metadata, checksum)
      select ?, printf('p%05d/%06d', n / ?, n % ?), 'null', 1, 0, ?, 0, 'd41d8cd98f00b204e9800998ecf8427e', 1700000000000 + n, 0,
        '{"contentType":"text/plain"}', null, '{"algorithm":"CRC64NVME","type":"FULL_OBJECT","value":"AAAAAAAAAAA="}'
      from numbers`,
      )
      .run([count, bucket, perPrefix, perPrefix, owner]);
  } finally {
    database.close();
  }
}

/** The same for a catalog in PostgreSQL, as one statement. */
export function fillStatement(bucket: string, owner: string, count: number, perPrefix: number): string {
  return `
    insert into versions (bucket, key, version_id, is_latest, delete_marker, owner, size, etag, created_at, staged_segments, content, metadata, checksum)
    select '${bucket}', 'p' || lpad((n / ${perPrefix})::text, 5, '0') || '/' || lpad((n % ${perPrefix})::text, 6, '0'), 'null', 1, 0,
      '${owner}', 0, 'd41d8cd98f00b204e9800998ecf8427e', 1700000000000 + n, 0,
      '{"contentType":"text/plain"}', null, '{"algorithm":"CRC64NVME","type":"FULL_OBJECT","value":"AAAAAAAAAAA="}'
    from generate_series(0, ${count - 1}) as n`;
}

/** The words in which the two databases differ. */
export interface Words {
  readonly hex: (number: string) => string;
  readonly hashes: (segments: number) => string;
}
export const SQLITE: Words = {
  hex: (number) => `printf('%064x', ${number})`,
  hashes: (segments) => `randomblob(${segments * HASHES * 32})`,
};
export const POSTGRES: Words = {
  hex: (number) => `lpad(to_hex(${number}), 64, '0')`,
  hashes: (segments) =>
    `(select string_agg(sha256(convert_to(n || ' ' || i, 'UTF8')), ''::bytea) from generate_series(1, ${segments * HASHES}) as i)`,
};

/** How the objects of a catalog are stored: many in a file, or one. */
export interface Stored {
  readonly perFile: number;
  readonly segments: number;
}

/** Puts all objects, 10 KiB each, into stored files with their placements. */
export function storeStatements(
  { hex, hashes }: Words,
  owner: string,
  objects: number,
  { perFile, segments }: Stored,
): string[] {
  const place = "(id - (select min(id) from versions))";
  const numbers = (to: number) =>
    `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${to})`;
  return [
    `${numbers(Math.ceil(objects / perFile))}
     insert into files (id, owner, fid, territory, state, segment_count, reports, declared, size, created_at, segments, packed, live_bytes)
     select n, '${owner}', ${hex("n")}, 'home', 'stored', ${segments}, ${FRAGMENTS}, 1, ${perFile * 10_240}, 1700000000000,
       ${hashes(segments)}, ${perFile === 1 ? "null" : "'plain'"}, ${perFile * 10_240}
     from numbers`,
    `${numbers(FRAGMENTS)}
     insert into placements (file_id, fragment_index, node, state, since)
     select f.id, n - 1, 'cX' || substr(${hex("n * 7919")}, 18), 'reported', 1700000000000 from files as f, numbers`,
    `insert into extents (version_id, position, file_id, "offset", length, stored_length, digest)
     select id, 0, ${place} / ${perFile} + 1, (${place} % ${perFile}) * 10240, 10240,
       ${perFile === 1 ? "null, null" : `10240, ${hex("id")}`}
     from versions`,
    `update versions set size = 10240, fid = ${hex("id")}`,
  ];
}

/** Puts all objects into stored packs of so many, 10 KiB each. */
export function packObjects(path: string, owner: string, perPack: number): void {
  const database = new Database(path);
  try {
    database.pragma("synchronous = OFF");
    const { count } = database.prepare("select count(*) as count from versions").get() as { count: number };
    for (const statement of storeStatements(SQLITE, owner, count, { perFile: perPack, segments: 8 }))
      database.exec(statement);
    database
      .prepare(
        `
      insert into bucket_usage (bucket, bytes, upload_bytes, objects)
      select bucket, sum(size), 0, count(*) from versions group by bucket
      on conflict (bucket) do update set bytes = excluded.bytes, objects = excluded.objects`,
      )
      .run();
  } finally {
    database.close();
  }
}
