import aws4 from "aws4";
import { expect } from "chai";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { AccessKey } from "../../../src/model/account.js";
import { createS3App } from "../../../src/s3/app.js";
import type { AnyOperation } from "../../../src/s3/operation.js";
import { operations } from "../../../src/s3/operations/table.js";
import {
  columns,
  decidingOnly,
  formFor,
  furnish,
  keyOf,
  requestFor,
  type Column,
} from "../../support/access-matrix.js";
import { TestGateway } from "../../support/test-gateway.js";

const FILE = fileURLToPath(new URL("../../../../test/unit/s3/access-matrix.md", import.meta.url));

describe("Who may do what", () => {
  let fixture: TestGateway;
  let server: Server;
  let uploads: ReadonlyMap<string, string>;

  before(async () => {
    fixture = await TestGateway.build();
    uploads = await furnish(fixture);
    const keys = new Map(columns.flatMap((column) => (keyOf(column) ? [[`key-${column.name}`, keyOf(column)!]] : [])));
    server = createS3App({
      gateway: decidingOnly(fixture.cess),
      credentials: { lookup: (id) => Promise.resolve(keys.get(id)) },
      clock: { now: () => Date.now(), sleep: () => Promise.reject(new Error("no sleep here")) },
      logger: { error: () => undefined },
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await fixture.close();
  });

  async function answer(operation: AnyOperation, bucket: string, key: AccessKey | undefined): Promise<string> {
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { method, path, headers } = requestFor(operation, bucket, uploads.get(bucket)!);
    let request: { path: string; method: string; headers: Record<string, string>; body?: string };
    if (operation.form) {
      const { type, body } = formFor(bucket, key, Date.now());
      request = { method, path, headers: { "content-type": type }, body };
    } else if (key) {
      const signed = aws4.sign(
        { service: "s3", region: "us-east-1", method, path, headers: { host, ...headers } },
        key,
      );
      request = { method, path, headers: signed.headers as Record<string, string> };
    } else request = { method, path, headers };
    const { body, ...rest } = request;
    const response = await fetch(`http://${host}${path}`, { ...rest, ...(body === undefined ? {} : { body }) });
    // A HEAD has no body that could tell the code.
    const text =
      method === "HEAD"
        ? `<Code>${response.status === 503 ? "ServiceUnavailable" : "AccessDenied"}`
        : await response.text();
    return /<Code>(.*?)(<|$)/.exec(text)?.[1] ?? text;
  }

  /** What a cell says: `yes`, `-` for no, or another code that the request is refused with. */
  async function cell(operation: AnyOperation, column: Column): Promise<string> {
    const code = await answer(operation, column.bucket, keyOf(column));
    return code === "ServiceUnavailable" ? "yes" : code === "AccessDenied" ? "-" : code;
  }

  it("is what the matrix says, for each operation that there is", async () => {
    const rows: string[][] = [["operation", ...columns.map(({ name }) => name)], []];
    rows[1] = rows[0]!.map(() => "---");
    for (const operation of [...operations].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const cells: string[] = [];
      for (const column of columns) cells.push(await cell(operation, column));
      rows.push([operation.name, ...cells]);
    }
    const widths = rows[0]!.map((_, place) => Math.max(...rows.map((row) => row[place]!.length)));
    const table = rows
      .map((row) => `| ${row.map((text, place) => text.padEnd(widths[place]!)).join(" | ")} |`)
      .join("\n");
    const [head = ""] = readFileSync(FILE, "utf8").split("| operation", 1);
    if (process.env["UPDATE_MATRIX"] === "1") writeFileSync(FILE, `${head}${table}\n`);
    expect(readFileSync(FILE, "utf8")).to.equal(`${head}${table}\n`);
  });
});
