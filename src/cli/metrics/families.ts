import { Gauge, type Registry } from "prom-client";

/** A number that is read when Prometheus asks. */
export function gauge(registry: Registry, name: string, help: string, read: () => number | Promise<number>): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      this.set(await read());
    },
  });
}

/** Numbers by the value of one label, read when Prometheus asks. */
export function labelledGauge(
  registry: Registry,
  name: string,
  help: string,
  read: () => Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>,
  label = "event",
): void {
  new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    async collect() {
      this.reset();
      for (const [of, value] of Object.entries(await read())) this.set({ [label]: of }, value);
    },
  });
}
