/** A journal is not what a gateway with these keys has written: the text says why. */
export class JournalDamaged extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "JournalDamaged";
  }
}
