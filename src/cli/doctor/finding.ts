export type Level = "ok" | "warning" | "error";

/** What was looked at, and what was found. */
export interface Finding {
  /** A word or two in lower case, always the same for one kind of check: `chain endpoint`. */
  readonly check: string;
  readonly level: Level;
  /** What, and where. */
  readonly message: string;
  /** What to do; undefined when all is well. */
  readonly remedy?: string;
}

export const ok = (check: string, message: string): Finding => ({ check, level: "ok", message });
export const warning = (check: string, message: string, remedy: string): Finding => ({
  check,
  level: "warning",
  message,
  remedy,
});
export const failure = (check: string, message: string, remedy: string): Finding => ({
  check,
  level: "error",
  message,
  remedy,
});

/** For a person: a line for each finding, and one for what to do. */
export function findingsText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, level, message, remedy }) => [
    `${level.padEnd(7)}  ${check.padEnd(width)}  ${message}`,
    ...(remedy === undefined ? [] : [`${" ".repeat(width + 11)}→ ${remedy}`]),
  ]);
  return [...lines, "", summary(findings)].join("\n");
}

function summary(findings: readonly Finding[]): string {
  const count = (level: Level) => findings.filter((each) => each.level === level).length;
  const [errors, warnings] = [count("error"), count("warning")];
  if (errors + warnings === 0) return `all ${findings.length} checks are well`;
  const parts = [
    errors === 0 ? "" : errors === 1 ? "1 error" : `${errors} errors`,
    warnings === 0 ? "" : warnings === 1 ? "1 warning" : `${warnings} warnings`,
  ].filter((part) => part !== "");
  return `${parts.join(" and ")} in ${findings.length} checks`;
}

/** Prints findings; 1 as the process's exit code when one is an error. */
export function reportFindings(findings: readonly Finding[], { json = false }: { readonly json?: boolean }): void {
  console.log(json ? JSON.stringify(findings, undefined, 2) : findingsText(findings));
  if (findings.some(({ level }) => level === "error")) process.exitCode = 1;
}
