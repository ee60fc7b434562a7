/** Why a command cannot do what was asked, in the operator's words: printed without a trace. */
export class CommandError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CommandError";
  }
}
