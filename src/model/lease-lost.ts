/**
 * A lease (of a job, or of a name) is not its holder's any more: it ran out and somebody else has had it since, or what it
 * was for is gone. Whoever gets this ends the work that the lease was for, and writes nothing more of it.
 */
export class LeaseLost extends Error {
  /** `what`: as in "store job 12" or "the lock worker:packer". `gone`: nobody has it. */
  constructor(
    what: string,
    readonly gone: boolean,
  ) {
    super(gone ? `${what} is gone` : `the lease of ${what} is lost: it ran out before it was extended`);
    this.name = "LeaseLost";
  }
}
