import { AdminRefusal } from "../../admin/admin-server.js";
import type { Catalog } from "../../catalog/catalog.js";
import { quotaSchema } from "../../config/account.js";
import { ConfigError } from "../../config/config-error.js";
import type { Account, CessAccount } from "../../model/account.js";
import type { Accounts } from "./accounts.js";
import { canonicalId, chainAccount } from "./configured-accounts.js";
import { newAccountSchema, parseBody, type AccountView } from "./identity-requests.js";

export interface AccountAdminComponents {
  readonly accounts: Accounts;
  readonly catalog: Pick<Catalog, "identities" | "usage">;
}

type Identities = Catalog["identities"];

/** What an operator does with accounts. A change counts from the next request on. All reject with AdminRefusal. */
export class AccountAdmin {
  constructor(private readonly components: AccountAdminComponents) {}

  list(): Promise<AccountView[]> {
    return Promise.all(this.components.accounts.all.map((account) => this.view(account)));
  }

  async add(body: unknown): Promise<AccountView> {
    const { accounts, catalog } = this.components;
    const { name, cessAccount: address, ...settings } = parseBody(newAccountSchema, body);
    const cessAccount = addressOf(address);
    const id = canonicalId(cessAccount);
    const namesake = accounts.named(name);
    if (namesake) throw new AdminRefusal(409, `there is an account ${name} already, in the ${this.origin(namesake)}`);
    const holder = accounts.owner(id);
    if (holder) {
      const { displayName } = holder;
      throw new AdminRefusal(
        409,
        `the account ${displayName} of the ${this.origin(holder)} has this CESS account already`,
      );
    }
    const added = await catalog.identities.addAccount({ id, name, cessAccount, ...settings });
    await accounts.refresh();
    if (!added) throw new AdminRefusal(409, "there is an account of this name or CESS account already");
    return this.view(this.find(name));
  }

  async remove(name: string): Promise<AccountView> {
    const account = this.changeable(name);
    const view = await this.view(account);
    await this.change(account, (identities, id) => identities.removeAccount(id));
    return view;
  }

  disable(name: string): Promise<AccountView> {
    return this.changed(name, (identities, id) => identities.disableAccount(id));
  }

  enable(name: string): Promise<AccountView> {
    return this.changed(name, (identities, id) => identities.enableAccount(id));
  }

  async setQuota(name: string, body: unknown): Promise<AccountView> {
    const quota = parseBody(quotaSchema, body);
    return this.changed(name, (identities, id) => identities.setAccountQuota(id, quota));
  }

  private async changed(
    name: string,
    change: (identities: Identities, id: string) => Promise<boolean>,
  ): Promise<AccountView> {
    await this.change(this.changeable(name), change);
    return this.view(this.find(name));
  }

  private async change(
    { id, displayName }: Account,
    change: (identities: Identities, id: string) => Promise<boolean>,
  ): Promise<void> {
    const { accounts, catalog } = this.components;
    const done = await change(catalog.identities, id);
    await accounts.refresh();
    if (!done) throw noAccount(displayName);
  }

  private find(name: string): Account {
    const account = this.components.accounts.named(name);
    if (!account) throw noAccount(name);
    return account;
  }

  /** Accounts of the configuration are changed there alone. */
  private changeable(name: string): Account {
    const account = this.find(name);
    if (!this.components.accounts.isConfigured(account.id)) return account;
    throw new AdminRefusal(409, `the account ${name} is one of the configuration: change it there, under accounts`);
  }

  private origin({ id }: Account): "configuration" | "catalog" {
    return this.components.accounts.isConfigured(id) ? "configuration" : "catalog";
  }

  private async view(account: Account): Promise<AccountView> {
    const { id, displayName: name, cessAccount, territory } = account;
    return {
      name,
      id,
      cessAccount,
      territory,
      readsNetwork: account.readsNetwork === true,
      disabled: account.disabled === true,
      from: this.origin(account),
      quota: account.quota ?? {},
      usage: await this.components.catalog.usage.owner(id),
    };
  }
}

export function noAccount(name: string): AdminRefusal {
  return new AdminRefusal(404, `there is no account ${name}: cess-s3 account list shows all`);
}

function addressOf(text: string): CessAccount {
  try {
    return chainAccount(text, "cessAccount");
  } catch (cause) {
    if (cause instanceof ConfigError) throw new AdminRefusal(400, cause.message, { cause });
    throw cause;
  }
}
