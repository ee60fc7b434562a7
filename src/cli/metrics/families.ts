import { Counter, Gauge, type Registry } from "prom-client";

/** Numbers by the value of one label. */
export type ByLabel = Readonly<Record<string, number>>;

/** A number with the values of its labels. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/*
 * Prometheus' conventions hold for all names: what only grows ends in `_total`, units are seconds and bytes, labels are
 * in snake_case, and all samples of a family mean the same. A test checks them.
 */

/** A number that is read when Prometheus asks; none is shown where it is undefined. */
export function gauge(
  registry: Registry,
  name: string,
  help: string,
  read: () => number | undefined | Promise<number | undefined>,
): void {
  samples(registry, Gauge, name, help, [], async () => unlabelled(await read()));
}

/** Numbers by the value of one label, read when Prometheus asks. */
export function labelledGauge(
  registry: Registry,
  name: string,
  help: string,
  read: () => ByLabel | Promise<ByLabel>,
  label: string,
): void {
  samples(registry, Gauge, name, help, [label], async () => labelled(label, await read()));
}

/** Numbers by several labels, read when Prometheus asks. */
export function sampledGauge(
  registry: Registry,
  name: string,
  help: string,
  labels: readonly string[],
  read: () => readonly Sample[] | Promise<readonly Sample[]>,
): void {
  samples(registry, Gauge, name, help, labels, read);
}

/** What is counted elsewhere since the start, read when Prometheus asks. The name ends in `_total`. */
export function counter(registry: Registry, name: string, help: string, read: () => number | Promise<number>): void {
  samples(registry, Counter, name, help, [], async () => unlabelled(await read()));
}

/** The same by the value of one label. */
export function labelledCounter(
  registry: Registry,
  name: string,
  help: string,
  read: () => ByLabel | Promise<ByLabel>,
  label: string,
): void {
  samples(registry, Counter, name, help, [label], async () => labelled(label, await read()));
}

/** The same by several labels. */
export function sampledCounter(
  registry: Registry,
  name: string,
  help: string,
  labels: readonly string[],
  read: () => readonly Sample[] | Promise<readonly Sample[]>,
): void {
  samples(registry, Counter, name, help, labels, read);
}

const unlabelled = (value: number | undefined): Sample[] => (value === undefined ? [] : [{ labels: {}, value }]);
const labelled = (label: string, values: ByLabel): Sample[] =>
  Object.entries(values).map(([of, value]) => ({ labels: { [label]: of }, value }));

function samples(
  registry: Registry,
  Family: typeof Gauge<string> | typeof Counter<string>,
  name: string,
  help: string,
  labelNames: readonly string[],
  read: () => readonly Sample[] | Promise<readonly Sample[]>,
): void {
  new Family({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    async collect(this: Gauge | Counter) {
      const now = await read();
      this.reset();
      // A family without labels begins with a sample of 0.
      if (now.length === 0 && labelNames.length === 0) this.remove();
      for (const { labels, value } of now) this.inc(labels, value);
    },
  });
}
