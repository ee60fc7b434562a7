import { z } from "zod";

const members = z.record(z.string(), z.unknown());
const COLOURS: Readonly<Record<string, string>> = { warn: "33", error: "31", fatal: "31" };

/** One line of the log for people: time, level, message, then the members as `name=value`; an error's stack below. */
export function prettyLine(line: string, colours: boolean): string {
  const fields = fieldsOf(line);
  if (!fields) return line;
  const { time, level, msg, err, ...rest } = fields;
  const paint = (code: string, text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  const label = typeof level === "string" ? level : "";
  const head = [
    paint("2", typeof time === "string" ? time.slice(11, 23) : ""),
    paint(COLOURS[label] ?? "0", label.padEnd(5)),
    text(msg),
  ];
  const named = Object.entries(rest).map(([name, value]) => paint("2", `${name}=`) + text(value));
  const { stack, message } = (err ?? {}) as { readonly stack?: unknown; readonly message?: unknown };
  const below = err === undefined ? "" : `\n${text(stack ?? message ?? err)}`;
  return `${[...head, ...named].join(" ")}${below}\n`;
}

/** Undefined where the line is not an object in JSON. */
function fieldsOf(line: string): Record<string, unknown> | undefined {
  try {
    return members.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Control characters are escaped: what clients sent must not steer a terminal. */
function text(value: unknown): string {
  const plain = typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
  return plain.replace(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g,
    (each) => `\\x${each.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
