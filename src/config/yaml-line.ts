import { stringify } from "yaml";

/** `name: value` in YAML, on one line. */
export function oneLine(name: string, value: unknown): string {
  const flow = stringify({ [name]: value }, { collectionStyle: "flow", flowCollectionPadding: false, lineWidth: 0 });
  return flow.trim().replace(/^\{/, "").replace(/\}$/, "");
}
