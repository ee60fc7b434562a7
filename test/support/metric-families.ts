export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>> }[];
}

/** The families of a page of metrics in Prometheus' text format. */
export function familiesOf(text: string): Family[] {
  const families: { name: string; type: string; help: string; samples: { labels: Record<string, string> }[] }[] = [];
  for (const line of text.split("\n")) {
    const [, name = "", help = ""] = /^# HELP (\S+) ?(.*)$/.exec(line) ?? [];
    if (name !== "") families.push({ name, help, type: "", samples: [] });
    const family = families.at(-1);
    if (!family || line === "") continue;
    const [, type] = /^# TYPE \S+ (\S+)$/.exec(line) ?? [];
    if (type !== undefined) family.type = type;
    else if (!line.startsWith("#")) {
      const labels = [...line.matchAll(/([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, label, value]) => [
        label,
        value,
      ]);
      family.samples.push({ labels: Object.fromEntries(labels) as Record<string, string> });
    }
  }
  return families;
}
