import { expect } from "chai";
import { target, useBucket } from "../support/target.js";
import { needs, pythonWith, succeed } from "./shell.js";

const python = pythonWith("minio");

const PREAMBLE = `
import datetime, io, json, os, sys, urllib.request
from minio import Minio, S3Error
from minio.commonconfig import ENABLED, ComposeSource, CopySource, Filter, GOVERNANCE, REPLACE, Tags
from minio.deleteobjects import DeleteObject
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule
from minio.notificationconfig import NotificationConfig, PrefixFilterRule, QueueConfig
from minio.retention import Retention
from minio.versioningconfig import VersioningConfig
bucket = sys.argv[1]
client = Minio(os.environ["HOST"], os.environ["ACCESS_KEY"], os.environ["SECRET_KEY"], secure=os.environ["SECURE"] == "true", region=os.environ["REGION"])
MIB = 1024 * 1024
def put(key, data, **settings):
    return client.put_object(bucket, key, io.BytesIO(data), len(data), **settings)
def refusal(call, *arguments):
    try:
        list(call(*arguments) or [])
    except S3Error as error:
        return error.code
    return None
`;

describe("minio-py", function () {
  this.timeout(120_000);
  const bucket = useBucket();
  const run = (script: string, name = bucket.name) => {
    const { host, protocol } = new URL(target.endpoint);
    return succeed(python ?? "", ["-c", PREAMBLE + script, name], {
      HOST: host,
      SECURE: String(protocol === "https:"),
      REGION: target.region,
      ACCESS_KEY: target.accessKeyId,
      SECRET_KEY: target.secretAccessKey,
    });
  };

  before(function () {
    needs(this, "minio-py", "it is on PyPI as minio", python !== undefined);
  });

  it("puts streams of unknown length, composes and copies them, and reads ranges", async () => {
    await run(`
data = os.urandom(12 * MIB + 3)
client.put_object(bucket, "stream", io.BytesIO(data), -1, part_size=5 * MIB)
assert client.get_object(bucket, "stream").read() == data
assert client.get_object(bucket, "stream", offset=6 * MIB, length=9).read() == data[6 * MIB:6 * MIB + 9]
tags = Tags.new_object_tags()
tags["a b"] = "c+d"
put("small é+ .txt", b"hello", content_type="text/plain", metadata={"colour": "blue"}, tags=tags)
client.compose_object(bucket, "composed", [ComposeSource(bucket, "stream", offset=1, length=6 * MIB), ComposeSource(bucket, "small é+ .txt")])
assert client.get_object(bucket, "composed").read() == data[1:6 * MIB + 1] + b"hello"
client.copy_object(bucket, "copy", CopySource(bucket, "small é+ .txt"))
assert client.stat_object(bucket, "copy").metadata["x-amz-meta-colour"] == "blue"
assert dict(client.get_object_tags(bucket, "copy")) == {"a b": "c+d"}
client.copy_object(bucket, "copy", CopySource(bucket, "copy"), metadata={"size": "small"}, metadata_directive=REPLACE)
assert "x-amz-meta-colour" not in client.stat_object(bucket, "copy").metadata
`);
  });

  it("lists keys of every kind by both versions and removes them", async () => {
    await run(`
keys = sorted(("keys/" + key for key in ["a b", "a+b", "a%20b", "a//b", "ü", "\\U0001f600", "trailing/", "q?x=1&y", "h#a", "a<>&"]), key=str.encode)
for key in keys:
    put(key, key.encode())
    assert client.get_object(bucket, key).read() == key.encode()
for settings in [{}, {"use_api_v1": True}, {"include_version": True}]:
    assert [entry.object_name for entry in client.list_objects(bucket, "keys/", recursive=True, **settings)] == keys, settings
assert not list(client.remove_objects(bucket, [DeleteObject(key) for key in keys]))
assert not list(client.list_objects(bucket, "keys/", recursive=True))
`);
  });

  it("locks objects, over plain HTTP too, and removes them by bypassing governance", async () => {
    const outcome = await run(
      `
client.make_bucket(bucket, object_lock=True)
until = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(hours=1)
version = put("held", b"held", retention=Retention(GOVERNANCE, until), legal_hold=True).version_id
assert client.is_object_legal_hold_enabled(bucket, "held") and client.get_object_retention(bucket, "held").retain_until_date == until
client.disable_object_legal_hold(bucket, "held")
refused = [error.code for error in client.remove_objects(bucket, [DeleteObject("held", version)])]
assert not list(client.remove_objects(bucket, [DeleteObject("held", version)], bypass_governance_mode=True))
client.remove_bucket(bucket)
print(json.dumps(refused))
`,
      `${bucket.name}-lock`,
    );
    expect(JSON.parse(outcome)).to.deep.equal(["AccessDenied"]);
  });

  it("sets what buckets have, reads it back, and gets S3's error codes", async () => {
    const codes = await run(`
policy = {"Version": "2012-10-17", "Statement": [{"Sid": "", "Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": [action], "Resource": [f"arn:aws:s3:::{bucket}/*"]} for action in ["s3:GetObject", "s3:PutObject"]]}
client.set_bucket_policy(bucket, json.dumps(policy))
assert json.loads(client.get_bucket_policy(bucket)) == policy
client.delete_bucket_policy(bucket)
client.set_bucket_lifecycle(bucket, LifecycleConfig([Rule(ENABLED, rule_filter=Filter(prefix="logs/"), rule_id="r", expiration=Expiration(days=3))]))
assert client.get_bucket_lifecycle(bucket).rules[0].expiration.days == 3
client.delete_bucket_lifecycle(bucket)
client.set_bucket_versioning(bucket, VersioningConfig(ENABLED))
assert client.get_bucket_versioning(bucket).status == ENABLED
def listen(bucket):
    with client.listen_bucket_notification(bucket) as events:
        return list(events)
def route(bucket):
    client.set_bucket_notification(bucket, NotificationConfig(queue_config_list=[QueueConfig(["s3:ObjectCreated:*"], "r", PrefixFilterRule("p"), None, "arn:minio:sqs::1:webhook")]))
print(json.dumps([
    refusal(client.stat_object, bucket, "none"), refusal(client.list_objects, bucket + "-none"), refusal(client.get_bucket_policy, bucket),
    refusal(client.get_object_lock_config, bucket), refusal(client.remove_bucket, bucket), refusal(listen, bucket), refusal(route, bucket),
]))
`);
    expect(JSON.parse(codes)).to.deep.equal([
      "NoSuchKey",
      "NoSuchBucket",
      "NoSuchBucketPolicy",
      "ObjectLockConfigurationNotFoundError",
      "BucketNotEmpty",
      "NotImplemented",
      "InvalidArgument",
    ]);
  });

  it("presigns URLs that work without it", async () => {
    const got = await run(`
put_url = client.presigned_put_object(bucket, "by url é+", expires=datetime.timedelta(minutes=5))
urllib.request.urlopen(urllib.request.Request(put_url, data=b"by URL", method="PUT"))
print(urllib.request.urlopen(client.presigned_get_object(bucket, "by url é+")).read().decode(), end="")
`);
    expect(got).to.equal("by URL");
  });
});
