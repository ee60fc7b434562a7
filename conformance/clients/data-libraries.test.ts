import { expect } from "chai";
import { target, useBucket } from "../support/target.js";
import { needs, pythonWith, succeed } from "./shell.js";

const { host, protocol } = new URL(target.endpoint);
const PREAMBLE = `
import os, sys
bucket, endpoint, host, scheme, region, key, secret = sys.argv[1:]
MIB = 1024 * 1024
`;

/** What Python programs that work on data reach S3 with: five client libraries of different makers. */
describe("a data library:", function () {
  this.timeout(120_000);
  const bucket = useBucket();

  const works = (library: string, modules: readonly string[], packages: string, script: string, expected = "") =>
    it(library, async function () {
      const python = pythonWith(...modules);
      needs(this, library, `it is on PyPI: ${packages}`, python !== undefined);
      const { endpoint, region, accessKeyId, secretAccessKey } = target;
      const args = [bucket.name, endpoint, host, protocol.replace(":", ""), region, accessKeyId, secretAccessKey];
      const printed = await succeed(python ?? "", ["-c", PREAMBLE + script, ...args], {
        AWS_ENDPOINT_URL: endpoint,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_DEFAULT_REGION: region,
        AWS_EC2_METADATA_DISABLED: "true",
      });
      expect(printed.trim()).to.equal(expected);
    });

  works(
    "fsspec writes, appends, finds, merges, moves and removes, in parts and in trees",
    ["s3fs"],
    "s3fs",
    `
import s3fs
fs = s3fs.S3FileSystem(endpoint_url=endpoint, key=key, secret=secret)
root = bucket + "/fsspec"
with fs.open(root + "/big é+", "wb") as file:
    for i in range(12):
        file.write(bytes([i]) * MIB)
with fs.open(root + "/big é+", "rb") as file:
    file.seek(5 * MIB - 1)
    assert file.read(2) == b"\\x04\\x05"
with fs.open(root + "/big é+", "ab") as file:
    file.write(b"end")
fs.pipe({f"{root}/many/{i}": b"%d" % i for i in range(50)})
assert len(fs.cat(fs.find(root + "/many"))) == 50
fs.mv(root + "/big é+", root + "/moved")
fs.merge(root + "/merged", [root + "/moved", root + "/many/7"])
assert fs.tail(root + "/merged", 4) == b"end7" and fs.size(root + "/merged") == 12 * MIB + 4
fs.rm(root, recursive=True)
fs.invalidate_cache()
print(fs.exists(root))
`,
    "False",
  );

  works(
    "smart_open streams there and back and leaves nothing of what failed",
    ["smart_open", "boto3"],
    "smart_open[s3]",
    `
from smart_open import open
with open(f"s3://{bucket}/smart.gz", "wt") as file:
    file.writelines(f"line {i}\\n" for i in range(50000))
with open(f"s3://{bucket}/smart.gz") as file:
    lines = sum(1 for _ in file)
try:
    with open(f"s3://{bucket}/failed", "wb") as file:
        file.write(b"x" * 6 * MIB)
        raise ValueError
except ValueError:
    pass
import boto3
print(lines, len(boto3.client("s3").list_multipart_uploads(Bucket=bucket).get("Uploads", [])))
`,
    "50000 0",
  );

  works(
    "pyarrow writes and filters a partitioned data set",
    ["pyarrow"],
    "pyarrow",
    `
import pyarrow, pyarrow.dataset as dataset, pyarrow.fs
fs = pyarrow.fs.S3FileSystem(endpoint_override=host, scheme=scheme, access_key=key, secret_key=secret, region=region)
table = pyarrow.table({"a": list(range(100000)), "group": [i % 4 for i in range(100000)]})
parts = dataset.partitioning(pyarrow.schema([("group", pyarrow.int64())]), flavor="hive")
dataset.write_dataset(table, bucket + "/arrow", filesystem=fs, format="parquet", partitioning=parts)
rows = dataset.dataset(bucket + "/arrow", filesystem=fs, partitioning="hive").to_table(filter=dataset.field("group") == 2).num_rows
with fs.open_output_stream(bucket + "/arrow-big é+") as file:
    for i in range(12):
        file.write(bytes([i]) * MIB)
fs.move(bucket + "/arrow-big é+", bucket + "/arrow-moved")
size = fs.get_file_info(bucket + "/arrow-moved").size
fs.delete_dir(bucket + "/arrow")
print(rows, size, fs.get_file_info(bucket + "/arrow").type.name)
`,
    "25000 12582912 NotFound",
  );

  works(
    "obstore (Rust's object_store) writes in parts, reads ranges, and swaps on condition",
    ["obstore"],
    "obstore",
    `
import obstore
from obstore.store import S3Store
store = S3Store(bucket, endpoint=endpoint, access_key_id=key, secret_access_key=secret, region=region, client_options={"allow_http": True}, virtual_hosted_style_request=False)
obstore.put(store, "ob/big é+", iter([bytes([i]) * MIB for i in range(12)]), chunk_size=5 * MIB)
assert [bytes(each) for each in obstore.get_ranges(store, "ob/big é+", starts=[0, 11 * MIB], lengths=[1, 1])] == [b"\\x00", b"\\x0b"]
etag = obstore.put(store, "ob/swap", b"1", attributes={"Content-Type": "text/x"})["e_tag"]
obstore.put(store, "ob/swap", b"2", mode={"e_tag": etag})
refused = []
for mode in ["create", {"e_tag": etag}]:
    try:
        obstore.put(store, "ob/swap", b"3", mode=mode)
    except Exception as error:
        refused.append(type(error).__name__)
obstore.rename(store, "ob/swap", "ob/swapped")
paths = [entry["path"] for batch in obstore.list(store, "ob") for entry in batch]
obstore.delete(store, paths)
print(*refused, len(paths), sum(len(batch) for batch in obstore.list(store, "ob")))
`,
    "AlreadyExistsError PreconditionError 2 0",
  );

  works(
    "DuckDB writes partitioned Parquet and CSV in parts, and queries both by wildcard",
    ["duckdb", "duckdb_extension_httpfs"],
    "duckdb duckdb-extension-httpfs",
    `
import duckdb, duckdb_extension_httpfs
extension = os.path.join(os.path.dirname(duckdb_extension_httpfs.__file__), "extensions", f"v{duckdb.__version__}", "httpfs.duckdb_extension")
duck = duckdb.connect()
duck.execute("SET enable_progress_bar = false")
duck.execute(f"LOAD '{extension}'")
duck.execute(f"CREATE SECRET (TYPE s3, KEY_ID '{key}', SECRET '{secret}', REGION '{region}', ENDPOINT '{host}', URL_STYLE 'path', USE_SSL {scheme == 'https'})")
duck.execute(f"COPY (SELECT range AS a, range % 5 AS part FROM range(100000)) TO 's3://{bucket}/duck' (FORMAT parquet, PARTITION_BY (part))")
duck.execute(f"COPY (SELECT range AS a, 'é' AS b FROM range(1000000)) TO 's3://{bucket}/duck é+.csv'")
print(*duck.execute(f"SELECT count(*) FROM read_parquet('s3://{bucket}/duck/*/*.parquet', hive_partitioning = true) WHERE part = 3").fetchone(),
      *duck.execute(f"SELECT count(*) FROM 's3://{bucket}/duck*.csv'").fetchone())
`,
    "20000 1000000",
  );
});
