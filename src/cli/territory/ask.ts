import { stderr, stdin } from "node:process";
import { createInterface } from "node:readline/promises";
import { CommandError } from "../command-error.js";

/** What a person is asked over. */
export interface Terminal {
  readonly isTerminal: boolean;
  ask(question: string): Promise<string>;
}

const terminal: Terminal = {
  isTerminal: stdin.isTTY,
  async ask(question) {
    const lines = createInterface({ input: stdin, output: stderr });
    try {
      return await lines.question(question);
    } finally {
      lines.close();
    }
  },
};

/** Asks whether to go on; only `y` or `yes` does. Rejects with CommandError where there is nobody to ask. */
export async function confirmed(yes: boolean, at: Terminal = terminal): Promise<boolean> {
  if (yes) return true;
  if (!at.isTerminal)
    throw new CommandError("nothing was signed: there is no terminal to ask at; --yes signs without asking");
  return /^y(es)?$/i.test((await at.ask("Sign and send? [y/N] ")).trim());
}
