/** Calls that are repeated while waiting: dying there says nothing new. */
const UNCOUNTED = new Set(["lease", "nextDue", "extend", "wakeFid", "wakeAll"]);
/** They answer at once and change nothing outside the process. */
const SYNCHRONOUS = new Set(["locate", "pin", "settle", "sign", "watch", "forget", "root"]);

export class Killed extends Error {}

/** Lets a process die before its n-th call to the outside; a dead process reaches nothing any more. */
export class Killer {
  calls = 0;
  private isDead = false;

  constructor(private readonly at: number) {}

  get dead(): boolean {
    return this.isDead;
  }

  kill(): void {
    this.isDead = true;
  }

  wrap<T extends object>(part: T): T {
    return new Proxy(part, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value === "object" && value !== null && typeof name === "string") return this.wrap(value);
        if (typeof value !== "function" || typeof name !== "string") return value;
        const method = (value as (...args: unknown[]) => unknown).bind(target);
        if (SYNCHRONOUS.has(name)) return method;
        // The same part again.
        if (name === "fenced") return (...args: unknown[]) => this.wrap(method(...args) as object);
        return (...args: unknown[]) => this.call(!UNCOUNTED.has(name), () => method(...args));
      },
    });
  }

  private async call(counted: boolean, run: () => unknown): Promise<unknown> {
    this.check();
    if (counted && ++this.calls === this.at) this.kill();
    this.check();
    const answer = await run();
    this.check();
    return answer;
  }

  private check(): void {
    if (this.isDead) throw new Killed("the process is dead");
  }
}
