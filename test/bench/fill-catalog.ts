import Database from "libsql";

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

/** Puts all objects into stored packs of so many, 10 KiB each. */
export function packObjects(path: string, owner: string, perPack: number): void {
  const database = new Database(path);
  try {
    database.pragma("synchronous = OFF");
    const { count } = database.prepare("select count(*) as count from versions").get() as { count: number };
    const packs = Math.ceil(count / perPack);
    database
      .prepare(
        `
      with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ?)
      insert into files (id, owner, fid, territory, state, segment_count, reports, declared, size, created_at, segments, packed, live_bytes)
      select n, ?, printf('%064x', n), 'home', 'stored', 8, 12, 1, ? * 10240, 1700000000000, zeroblob(8 * 13 * 32), 'plain', ? * 10240
      from numbers`,
      )
      .run([packs, owner, perPack, perPack]);
    database
      .prepare(
        `
      insert into extents (version_id, position, file_id, "offset", length, stored_length, digest)
      select id, 0, (id - (select min(id) from versions)) / ? + 1,
        ((id - (select min(id) from versions)) % ?) * 10240, 10240, 10240, printf('%064x', id)
      from versions`,
      )
      .run([perPack, perPack]);
    database.prepare("update versions set size = 10240, fid = 'packed'").run();
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
