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
