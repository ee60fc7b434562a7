import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PostgresServer } from "../support/postgres-server.js";
import { VersityServer } from "../support/versity-server.js";

/**
 * The servers on which the contract suites run that `npm test` runs without any: the catalog's on PostgreSQL, and staging's
 * on an S3 server of others. Their tests look for them when they are loaded, which is after this is. In memory, where the
 * machine has a folder for that: the suites empty the database hundreds of times, and nobody cuts its power.
 */
const MEMORY = "/dev/shm";
const parent = existsSync(MEMORY) ? MEMORY : tmpdir();
const postgres = await PostgresServer.start(parent);
process.env["TEST_POSTGRES"] = postgres.createDatabase("suites");

const folder = mkdtempSync(join(parent, "cess-s3-versity-"));
const versity = await VersityServer.start(folder);
await versity.createBucket("suites");
const { accessKeyId, secretAccessKey } = VersityServer.credentials;
process.env["AWS_ACCESS_KEY_ID"] = accessKeyId;
process.env["AWS_SECRET_ACCESS_KEY"] = secretAccessKey;
const query = new URLSearchParams({ endpoint: versity.endpoint, region: "us-east-1" });
process.env["STAGING_S3_URL"] = `s3://suites/blobs?${query.toString()}`;

/** By mocha, when all tests are done. */
export async function mochaGlobalTeardown(): Promise<void> {
  await versity.end();
  await postgres.remove();
  rmSync(folder, { recursive: true, force: true });
}
