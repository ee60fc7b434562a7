import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { ownRoutes, type AdminRoute } from "../../src/admin/admin-server.js";
import { devRoutes } from "../../src/cli/commands/dev-routes.js";
import { adminRoutes } from "../../src/cli/gateway/admin-routes.js";
import { RegisterGateway } from "../../src/cli/gateway/register-gateway.js";
import { BucketDurability } from "../../src/cli/gateway/routes/bucket-route.js";
import { insightRoutes } from "../../src/cli/gateway/routes/insight-routes.js";
import { described } from "./openapi-requests.js";
import { openApi } from "./openapi.js";

const file = join(dirname(fileURLToPath(import.meta.url)), "../../../docs/openapi.json");

/** Every route that the admin listener has; none is run. */
function routes(): AdminRoute[] {
  const nothing = {} as never;
  const services = { services: {} } as never;
  return [
    ...ownRoutes(nothing, false),
    ...adminRoutes(nothing, nothing),
    ...insightRoutes({ ...(services as object), durability: new BucketDurability(nothing) } as never, {
      packMaxAgeMs: 0,
    }),
    ...new RegisterGateway(nothing).routes(),
    ...devRoutes(nothing),
  ];
}

/** `^\/keys\/([^/]+)$` and `/keys/{id}` are both `/keys/{}`. */
const shapeOf = (path: RegExp | string) =>
  typeof path === "string"
    ? path.replace(/\{\w+\}/g, "{}")
    : path.source
        .replace(/^\^|\$$/g, "")
        .replaceAll("\\/", "/")
        .replace(/\([^()]*\)/g, "{}");

describe("docs/openapi.json", () => {
  const has = routes().map(({ method, path }) => `${method} ${shapeOf(path)}`);
  const tells = described.map(({ method, path }) => `${method.toUpperCase()} ${shapeOf(path)}`);

  it("tells of each request that the admin listener answers, and of no other", () => {
    expect(has).to.have.length.above(30);
    expect([...tells].sort()).to.deep.equal([...has].sort());
  });

  it("is what the schemas of the program make it; CESS_S3_WRITE_OPENAPI=yes writes it", () => {
    const text = `${JSON.stringify(openApi(), undefined, 2)}\n`;
    if (process.env.CESS_S3_WRITE_OPENAPI === "yes") writeFileSync(file, text);
    expect(JSON.parse(readFileSync(file, "utf8"))).to.deep.equal(JSON.parse(text));
  });

  it("tells of each request what docs/admin.md or docs/accounts.md tells", () => {
    const pages = ["admin.md", "accounts.md"].map((name) => readFileSync(join(dirname(file), name), "utf8")).join("\n");
    const silent = described.filter(({ path }) => {
      const [, first = ""] = path.split("/");
      return !pages.includes(`/${first}`);
    });
    expect(silent.map(({ path }) => path)).to.deep.equal([]);
  });
});
