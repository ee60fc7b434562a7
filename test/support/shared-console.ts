import { ConsoleBrowser } from "./console-browser.js";
import { reservePort } from "./reserved-port.js";

export interface SharedConsole {
  readonly on: ConsoleBrowser;
  /** Where the gateway's webhook `watcher` is. Nobody listens there yet. */
  readonly webhookPort: number;
}

let started: Promise<SharedConsole> | undefined;

async function start(): Promise<SharedConsole> {
  const webhookPort = await reservePort();
  const on = await ConsoleBrowser.start({ CESS_S3_WEBHOOKS: `watcher=http://127.0.0.1:${webhookPort}/` });
  return { on, webhookPort };
}

/**
 * A gateway and a browser for all files of tests that make do with buckets of their own: each takes seconds to start. They
 * end after the last test.
 */
export const sharedConsole = (): Promise<SharedConsole> => (started ??= start());

after(async () => (await started)?.on.close());
