import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { GatewayProcess } from "./gateway-process.js";
import { reservePort } from "./reserved-port.js";

const COMMANDS = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

/** Debian's chromium, whichever form is installed. Throws where there is none: these tests are about a real browser. */
function browserPath(): string {
  for (const command of COMMANDS) {
    try {
      return execFileSync("sh", ["-c", `command -v ${command}`], { encoding: "utf8" }).trim();
    } catch {
      // The next one.
    }
  }
  throw new Error(`none of ${COMMANDS.join(", ")} is installed: Debian has it as chromium-headless-shell`);
}

/** `cess-s3 dev` in a folder of its own, and a browser that looks at its console. */
export class ConsoleBrowser {
  /** What must not happen on any page: scripts that fail, what the policy had to stop, requests to others, dialogs. */
  readonly faults: string[] = [];
  private constructor(
    readonly folder: string,
    readonly browser: Browser,
    private process: GatewayProcess,
    private readonly environment: Readonly<Record<string, string>>,
    private readonly usersPort: number,
  ) {}

  /** `more`: settings of the gateway, beside those of all. */
  static async start(more: Readonly<Record<string, string>> = {}): Promise<ConsoleBrowser> {
    const folder = mkdtempSync(join(tmpdir(), "cess-s3-console-"));
    const usersPort = await reservePort();
    const environment = {
      CESS_S3_DATA_DIR: join(folder, "data"),
      CESS_S3_CONSOLE_LISTEN: `127.0.0.1:${usersPort}`,
      CESS_S3_DEV_BLOCK_MS: "200",
      CESS_S3_PACK_MAX_AGE: "2",
      ...more,
    };
    const gateway = await GatewayProcess.start(["dev"], environment);
    // Without the sandbox it runs as root too, as in a container.
    const browser = await chromium.launch({
      executablePath: browserPath(),
      args: ["--no-sandbox", "--disable-dev-shm-usage"],
    });
    return new ConsoleBrowser(folder, browser, gateway, environment, usersPort);
  }

  get gateway(): GatewayProcess {
    return this.process;
  }

  /** The console for operators. */
  get url(): string {
    return `${this.process.admin}/console/`;
  }

  /** The console for users. */
  get usersUrl(): string {
    return `http://127.0.0.1:${this.usersPort}/console/`;
  }

  /** Starts the gateway anew over the same folder; `between` is done while it does not run. */
  async restart(between: (dataDir: string) => void = () => undefined): Promise<void> {
    await this.process.end();
    between(join(this.folder, "data"));
    this.process = await GatewayProcess.start(["dev"], this.environment);
  }

  async page(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en", ...options });
    // The machine may have much else to do.
    context.setDefaultTimeout(90_000);
    const page = await context.newPage();
    const own = new Set([new URL(this.url).host, new URL(this.usersUrl).host]);
    page.on("pageerror", (error) => this.faults.push(`script: ${error.message}`));
    page.on("console", (message) => {
      if (/Content Security Policy|Trusted/i.test(message.text())) this.faults.push(message.text());
    });
    page.on("request", (request) => {
      const { protocol, host } = new URL(request.url());
      if (protocol.startsWith("http") && !own.has(host)) this.faults.push(`asked ${request.url()}`);
    });
    page.on("dialog", (dialog) => {
      // Before a reload in an upload the page asks whether to leave.
      if (dialog.type() !== "beforeunload") this.faults.push(`dialog: ${dialog.message()}`);
      void dialog.accept();
    });
    return page;
  }

  /** A page of someone who has signed in with an access key. */
  async signedIn(
    options: BrowserContextOptions & {
      readonly url?: string;
      readonly keep?: boolean;
      readonly key?: readonly [string, string];
    } = {},
  ): Promise<Page> {
    const { url = this.url, keep = false, key = ["cessdev", "cessdevsecret"], ...more } = options;
    const page = await this.page(more);
    await page.goto(url);
    await signIn(page, key, keep);
    await page.getByRole("heading", { name: "Buckets" }).waitFor();
    return page;
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.process.end();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export async function signIn(page: Page, [id, secret]: readonly [string, string], keep = false): Promise<void> {
  await page.getByLabel("Access key ID").fill(id);
  await page.getByLabel("Secret access key").fill(secret);
  if (keep) await page.getByLabel("Stay signed in").check();
  await page.getByRole("button", { name: "Sign in" }).click();
}
