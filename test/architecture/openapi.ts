import { z } from "zod";
import { described } from "./openapi-requests.js";

const schemaOf = (schema: z.ZodType, io: "input" | "output") => {
  const described = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Record<string, unknown>;
  delete described.$schema;
  return described;
};

/** The document that docs/openapi.json has. */
export function openApi(): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const each of described) {
    const { method, path, summary, query = {}, body, answers, open, dev, type = "application/json" } = each;
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
      name,
      in: "path",
      required: true,
      schema: { type: "string" },
    }));
    const inQuery = Object.entries(query).map(([name, description]) => ({
      name,
      in: "query",
      description,
      schema: { type: "string" },
    }));
    const responses = Object.entries(answers).map(([status, answer]) => [
      status,
      typeof answer === "string"
        ? { description: answer, content: { "text/plain": { schema: { type: "string" } } } }
        : { description: summary, content: { [type]: { schema: schemaOf(answer, "output") } } },
    ]);
    (paths[path] ??= {})[method] = {
      summary: dev ? `${summary} (dev network only)` : summary,
      ...(inPath.length + inQuery.length > 0 && { parameters: [...inPath, ...inQuery] }),
      ...(body && { requestBody: { content: { "application/json": { schema: schemaOf(body, "input") } } } }),
      responses: Object.fromEntries(responses) as object,
      ...(open && { security: [{}, { token: [] }] }),
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "The admin API of cess-s3",
      version: "1",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      description:
        "What operators do, over HTTP on `adminListen`: docs/admin.md. The command line and the console use it. Times are ISO 8601, sizes bytes. Members that say nothing are left out; further ones may be added. Refusals are plain text.",
    },
    servers: [{ url: "http://127.0.0.1:9001" }],
    security: [{ token: [] }],
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "That of admin.tokenFile; none where there is none" },
      },
    },
    paths,
  };
}
