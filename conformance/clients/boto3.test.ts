import { expect } from "chai";
import { target, useBucket } from "../support/target.js";
import { needs, pythonWith, succeed } from "./shell.js";

const python = pythonWith("boto3");

const PREAMBLE = `
import boto3, hashlib, io, json, os, sys, urllib.request
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
bucket = sys.argv[1]
s3 = boto3.client("s3", endpoint_url=os.environ["ENDPOINT"])
def refusal(call, **arguments):
    try:
        call(Bucket=bucket, **arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None
`;

describe("boto3", function () {
  this.timeout(120_000);
  const bucket = useBucket();
  const run = (script: string) =>
    succeed(python ?? "", ["-c", PREAMBLE + script, bucket.name], {
      ENDPOINT: target.endpoint,
      AWS_ACCESS_KEY_ID: target.accessKeyId,
      AWS_SECRET_ACCESS_KEY: target.secretAccessKey,
      AWS_DEFAULT_REGION: target.region,
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_CONFIG_FILE: "/nonexistent",
      AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
    });

  before(function () {
    needs(this, "boto3", "it is on PyPI, and in Debian as python3-boto3", python !== undefined);
  });

  it("uploads a large file in parts with checksums and downloads it in ranges", async () => {
    await run(`
data = os.urandom(20 * 1024 * 1024 + 7)
s3.upload_fileobj(io.BytesIO(data), bucket, "big", Config=TransferConfig(multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024))
back = io.BytesIO()
s3.download_fileobj(bucket, "big", back, Config=TransferConfig(multipart_threshold=5 * 1024 * 1024))
assert hashlib.sha256(back.getvalue()).digest() == hashlib.sha256(data).digest()
parts = s3.head_object(Bucket=bucket, Key="big", PartNumber=1)
assert parts["PartsCount"] == 5, parts
`);
  });

  it("pages through keys of every kind in the order of their bytes", async () => {
    await run(`
keys = ["a b", "a+b", "a%20b", "a//b", "./x", "../x", "\\u00fc", "\\U0001f600", "z" * 1024, "trailing/"]
for key in keys:
    s3.put_object(Bucket=bucket, Key="keys/" + key if len(key) < 1000 else key, Body=key.encode())
expected = sorted(("keys/" + key if len(key) < 1000 else key for key in keys), key=lambda key: key.encode())
pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 3})
found = [entry["Key"] for page in pages for entry in page["Contents"] if entry["Key"] != "big"]
assert found == expected, found
for key in expected:
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() == key.removeprefix("keys/")
s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in expected]})
`);
  });

  it("presigns URLs and forms that work without it", async () => {
    const answers = await run(`
put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "presigned", "ContentType": "text/plain"})
urllib.request.urlopen(urllib.request.Request(put, data=b"by URL", method="PUT", headers={"Content-Type": "text/plain"}))
got = urllib.request.urlopen(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "presigned"})).read().decode()
form = s3.generate_presigned_post(bucket, "posted", Conditions=[["content-length-range", 1, 100]])
lines = []
for name, value in form["fields"].items():
    lines += ["--limit", f'Content-Disposition: form-data; name="{name}"', "", value]
lines += ["--limit", 'Content-Disposition: form-data; name="file"; filename="f"', "", "by form", "--limit--", ""]
request = urllib.request.Request(form["url"], data="\\r\\n".join(lines).encode(), headers={"Content-Type": "multipart/form-data; boundary=limit"})
status = urllib.request.urlopen(request).status
print(json.dumps([got, status, s3.get_object(Bucket=bucket, Key="posted")["Body"].read().decode()]))
`);
    expect(JSON.parse(answers)).to.deep.equal(["by URL", 204, "by form"]);
  });

  it("gets S3's error codes", async () => {
    const codes = await run(`
print(json.dumps([
    refusal(s3.get_object, Key="none"), refusal(s3.list_parts, Key="none", UploadId="none"), refusal(s3.get_bucket_policy),
    refusal(s3.get_bucket_cors), refusal(s3.get_bucket_lifecycle_configuration), refusal(s3.get_bucket_tagging),
    refusal(s3.put_object, Key="k" * 1025, Body=b""),
]))
`);
    expect(JSON.parse(codes)).to.deep.equal([
      "NoSuchKey",
      "NoSuchUpload",
      "NoSuchBucketPolicy",
      "NoSuchCORSConfiguration",
      "NoSuchLifecycleConfiguration",
      "NoSuchTagSet",
      "KeyTooLongError",
    ]);
  });

  it("writes on condition and sees S3's refusals", async () => {
    const outcome = await run(`
first = s3.put_object(Bucket=bucket, Key="guarded", Body=b"1", IfNoneMatch="*")
again = refusal(s3.put_object, Key="guarded", Body=b"2", IfNoneMatch="*")
swapped = refusal(s3.put_object, Key="guarded", Body=b"2", IfMatch=first["ETag"])
stale = refusal(s3.put_object, Key="guarded", Body=b"3", IfMatch=first["ETag"])
print(json.dumps([again, swapped, stale, s3.get_object(Bucket=bucket, Key="guarded")["Body"].read().decode()]))
`);
    expect(JSON.parse(outcome)).to.deep.equal(["PreconditionFailed", null, "PreconditionFailed", "2"]);
  });

  it("signs requests about buckets and objects by Signature Version 2", async () => {
    await run(`
from botocore.config import Config
s3 = boto3.client("s3", endpoint_url=os.environ["ENDPOINT"], config=Config(signature_version="s3", s3={"addressing_style": "path"}))
name = bucket + "-v2"
s3.create_bucket(Bucket=name)
assert name in [each["Name"] for each in s3.list_buckets()["Buckets"]]
s3.head_bucket(Bucket=name)
s3.get_bucket_location(Bucket=name)
s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
key = "two words/+\u00fc&="
s3.put_object(Bucket=name, Key=key, Body=b"by V2", Metadata={"a": "1"}, ContentType="text/x")
assert s3.get_object(Bucket=name, Key=key)["Body"].read() == b"by V2"
assert s3.list_objects_v2(Bucket=name, Prefix="two")["KeyCount"] == 1
versions = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in s3.list_object_versions(Bucket=name)["Versions"]]
assert "Errors" not in s3.delete_objects(Bucket=name, Delete={"Objects": versions})
s3.delete_bucket(Bucket=name)
`);
  });
});
