import type { Policy } from "./transit-server.js";

/** A running Vault or OpenBao as `TransitServer` is one, for whom its address and a root token are given. */
export class OpenBao {
  private readonly made: string[] = [];

  constructor(
    readonly address: string,
    private readonly root: string,
    readonly mount: string,
  ) {}

  /** With a transit engine of its own. */
  static async start(address: string, root: string): Promise<OpenBao> {
    const bao = new OpenBao(address, root, `transit-${Date.now()}-${Math.floor(Math.random() * 1e6)}`);
    await bao.ask("POST", `sys/mounts/${bao.mount}`, { type: "transit" });
    return bao;
  }

  async token(policy: Policy): Promise<string> {
    const name = `policy-${this.mount}-${this.made.length}`;
    this.made.push(name);
    const rules = Object.entries(policy).map(
      ([verb, capabilities]) => `path "${this.mount}/${verb}/*" { capabilities = ${JSON.stringify(capabilities)} }`,
    );
    await this.ask("PUT", `sys/policies/acl/${name}`, { policy: rules.join("\n") });
    const { auth } = (await this.ask("POST", "auth/token/create", { policies: [name], no_default_policy: true })) as {
      readonly auth: { readonly client_token: string };
    };
    return auth.client_token;
  }

  async create(name: string, settings: { readonly type?: string; readonly derived?: boolean } = {}): Promise<void> {
    await this.ask("POST", `${this.mount}/keys/${name}`, settings);
  }

  async rotate(name: string): Promise<void> {
    await this.ask("POST", `${this.mount}/keys/${name}/rotate`);
  }

  async requireVersion(name: string, least: number): Promise<void> {
    await this.ask("POST", `${this.mount}/keys/${name}/config`, { min_decryption_version: least });
  }

  async softDelete(name: string): Promise<void> {
    await this.ask("DELETE", `${this.mount}/keys/${name}/soft-delete`);
  }

  async has(name: string): Promise<boolean> {
    return (await this.fetch("GET", `${this.mount}/keys/${name}`)).ok;
  }

  async close(): Promise<void> {
    await this.ask("DELETE", `sys/mounts/${this.mount}`);
    for (const name of this.made) await this.ask("DELETE", `sys/policies/acl/${name}`);
  }

  private async ask(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await this.fetch(method, path, body);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  private fetch(method: string, path: string, body?: object): Promise<Response> {
    return fetch(`${this.address}/v1/${path}`, {
      method,
      headers: { "x-vault-token": this.root },
      ...(body && { body: JSON.stringify(body) }),
    });
  }
}
