import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { TerritoryAccountAnswer } from "../../../src/cli/admin-answers.js";
import type { AccountView, CreatedKeyView, KeyView } from "../../../src/cli/gateway/identity-requests.js";
import type { Admin } from "../lib/admin.js";
import { bytes, listOf, moment, number, short } from "../lib/format.js";
import { t } from "../texts.js";
import { Icon } from "../ui/icon.js";
import { useLoad } from "../ui/load.js";
import {
  Act,
  ActionsHead,
  Badge,
  Confirm,
  CopyButton,
  Dialog,
  Empty,
  Field,
  Loading,
  Notice,
  saved,
} from "../ui/parts.js";
import { Space, type SpaceSource } from "./space.js";

type Open =
  | { readonly kind: "account" }
  | { readonly kind: "key"; readonly account: string }
  | { readonly kind: "quota" | "remove" | "space"; readonly account: AccountView }
  | { readonly kind: "revoke"; readonly key: KeyView };

const path = (...parts: string[]) => `/${parts.map(encodeURIComponent).join("/")}`;

/** Who may use the gateway, by which keys, and how much. */
export function Accounts({ admin }: { admin: Admin }) {
  const accounts = useLoad(() => admin.get<AccountView[]>("/accounts"), [admin], 10_000);
  const keys = useLoad(() => admin.get<KeyView[]>("/keys"), [admin], 10_000);
  const open = useSignal<Open | undefined>(undefined);
  const close = () => (open.value = undefined);
  const again = async () => {
    await Promise.all([accounts.again(), keys.again()]);
  };
  const failure = accounts.failure.value || keys.failure.value;
  return (
    <div class="page">
      <div class="head">
        <h1>{t.accounts}</h1>
        <span class="spacer" />
        <button class="primary" onClick={() => (open.value = { kind: "account" })}>
          <Icon name="plus" />
          {t.newAccount}
        </button>
      </div>
      {failure !== "" && <Notice tone="bad">{failure}</Notice>}
      {!accounts.value.value && failure === "" && <Loading />}
      {accounts.value.value?.length === 0 && (
        <div class="card">
          <Empty icon="user">
            <p>{t.noAccounts}</p>
          </Empty>
        </div>
      )}
      {accounts.value.value?.map((account) => (
        <AccountCard
          key={account.name}
          admin={admin}
          account={account}
          keys={keys.value.value?.filter((key) => key.account === account.name) ?? []}
          onOpen={(next) => (open.value = next)}
          again={again}
        />
      ))}
      {open.value?.kind === "account" && <NewAccount admin={admin} again={again} onClose={close} />}
      {open.value?.kind === "key" && (
        <NewKey admin={admin} account={open.value.account} again={again} onClose={close} />
      )}
      {open.value?.kind === "quota" && (
        <Quota admin={admin} account={open.value.account} again={again} onClose={close} />
      )}
      {open.value?.kind === "space" && <SpaceDialog admin={admin} account={open.value.account} onClose={close} />}
      {open.value?.kind === "remove" && (
        <RemoveAccount admin={admin} account={open.value.account} again={again} onClose={close} />
      )}
      {open.value?.kind === "revoke" && <Revoke admin={admin} shown={open.value.key} again={again} onClose={close} />}
    </div>
  );
}

function SpaceDialog({ admin, account, onClose }: { admin: Admin; account: AccountView; onClose: () => void }) {
  const source = useMemo<SpaceSource>(() => {
    const { cessAccount, territory: charged } = account;
    const query = (more: Readonly<Record<string, string>>) => new URLSearchParams({ account: cessAccount, ...more });
    return {
      account: async () => ({
        ...(await admin.get<TerritoryAccountAnswer>(`/territory/account?${query({})}`)),
        charged,
      }),
      quote: (asked) => admin.get(`/territory/quote?${query(asked)}`),
      pass: (signed) => admin.post("/territory/calls", signed),
    };
  }, [admin, account.name]);
  return (
    <Dialog title={t.spaceOf(account.name)} onClose={onClose}>
      <Space source={source} onClose={onClose} />
    </Dialog>
  );
}

interface Common {
  admin: Admin;
  again: () => Promise<void>;
}

function AccountCard(props: Common & { account: AccountView; keys: readonly KeyView[]; onOpen: (open: Open) => void }) {
  const { admin, account, keys, onOpen, again } = props;
  const { name, disabled, from, quota, usage, territory, cessAccount } = account;
  const own = from === "catalog";
  const turn = (act: "enable" | "disable") => async () => {
    await admin.post(path("accounts", name, act));
    await saved(again);
  };
  return (
    <section class="card" aria-label={name}>
      <div class="row">
        <h2>{name}</h2>
        {disabled && <Badge tone="bad">{t.disabled}</Badge>}
        {!own && <Badge>{t.ofConfiguration}</Badge>}
        <span style={{ flex: 1 }} />
        <button onClick={() => onOpen({ kind: "key", account: name })}>
          <Icon name="key" />
          {t.newKey}
        </button>
        <button onClick={() => onOpen({ kind: "space", account })}>{t.space}</button>
        {own && <button onClick={() => onOpen({ kind: "quota", account })}>{t.quota}</button>}
        {own && <Act run={turn(disabled ? "enable" : "disable")}>{disabled ? t.enable : t.disable}</Act>}
        {own && (
          <button class="danger" onClick={() => onOpen({ kind: "remove", account })} aria-label={t.removeAccount(name)}>
            <Icon name="trash" />
          </button>
        )}
      </div>
      <dl>
        <dt>{t.cessAccount}</dt>
        <dd class="mono">{cessAccount}</dd>
        <dt>{t.territory}</dt>
        <dd>{territory}</dd>
        <dt>{t.holds}</dt>
        <dd>
          {t.usage(number(usage.objects), bytes(usage.bytes))}
          {quota.bytes !== undefined && ` · ${t.quotaBytes(bytes(quota.bytes))}`}
          {quota.objects !== undefined && ` · ${t.quotaObjects(number(quota.objects))}`}
        </dd>
      </dl>
      {keys.length > 0 && (
        <div class="scroll" tabIndex={0}>
          <table class="small">
            <thead>
              <tr>
                <th>{t.accessKey}</th>
                <th>{t.permission}</th>
                <th>{t.limits}</th>
                <th>{t.expires}</th>
                <ActionsHead />
              </tr>
            </thead>
            <tbody>
              {keys.map((key) => (
                <tr key={key.accessKeyId}>
                  <td class="mono">{key.accessKeyId}</td>
                  <td>{t.permissions[key.permission]}</td>
                  <td class="break">
                    {[...(key.buckets ?? []), ...(key.prefixes ?? [])].join(", ") || (key.policy ? "" : t.noLimits)}
                    {key.policy && <Badge>{t.hasPolicy}</Badge>}
                  </td>
                  <td class="nowrap">{key.expires === undefined ? t.never : moment(key.expires)}</td>
                  <td class="num">
                    {key.from === "catalog" ? (
                      <button class="danger" onClick={() => onOpen({ kind: "revoke", key })}>
                        {t.revoke}
                      </button>
                    ) : (
                      <span class="muted">{t.ofConfiguration}</span>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function NewAccount({ admin, again, onClose }: Common & { onClose: () => void }) {
  const [name, cessAccount, territory, size] = [useSignal(""), useSignal(""), useSignal(""), useSignal("")];
  const create = async () => {
    const quota = size.value === "" ? {} : { quota: { bytes: size.value } };
    await admin.post("/accounts", {
      name: name.value,
      cessAccount: cessAccount.value,
      territory: territory.value,
      ...quota,
    });
    await saved(again);
    onClose();
  };
  const input = (label: string, value: { value: string }, hint?: string) => (
    <Field label={label} {...(hint !== undefined && { hint })}>
      <input value={value.value} onInput={(event) => (value.value = event.currentTarget.value)} />
    </Field>
  );
  return (
    <Dialog title={t.newAccount} onClose={onClose}>
      {input(t.name, name)}
      {input(t.cessAccount, cessAccount, t.cessAccountHint)}
      {input(t.territory, territory)}
      {input(t.quota, size, t.sizeHint)}
      <div class="row end">
        <button onClick={onClose}>{t.cancel}</button>
        <Act
          class="primary"
          run={create}
          disabled={name.value === "" || cessAccount.value === "" || territory.value === ""}
        >
          {t.create}
        </Act>
      </div>
    </Dialog>
  );
}

function NewKey({ admin, account, again, onClose }: Common & { account: string; onClose: () => void }) {
  const [buckets, prefixes, expires, policy] = [useSignal(""), useSignal(""), useSignal(""), useSignal("")];
  const permission = useSignal<KeyView["permission"]>("read-write");
  const made = useSignal<CreatedKeyView | undefined>(undefined);
  const create = async () => {
    const body = {
      account,
      permission: permission.value,
      ...(buckets.value.trim() !== "" && { buckets: listOf(buckets.value) }),
      ...(prefixes.value.trim() !== "" && { prefixes: listOf(prefixes.value) }),
      ...(expires.value !== "" && { expires: `${expires.value}T00:00:00Z` }),
      ...(policy.value.trim() !== "" && { policy: policy.value }),
    };
    made.value = await admin.post<CreatedKeyView>("/keys", body);
    await again();
  };
  if (made.value)
    return (
      <Dialog title={t.newKey} onClose={onClose}>
        <Notice tone="warn">{t.secretOnce}</Notice>
        <Field label={t.accessKey}>
          <input readOnly class="mono" value={made.value.accessKeyId} />
        </Field>
        <Field label={t.secretKey}>
          <input readOnly class="mono" value={made.value.secretAccessKey} />
        </Field>
        <div class="row end">
          <CopyButton text={`${made.value.accessKeyId} ${made.value.secretAccessKey}`} label={t.copyBoth} />
          <button class="primary" onClick={onClose}>
            {t.done}
          </button>
        </div>
      </Dialog>
    );
  return (
    <Dialog title={`${t.newKey}: ${account}`} onClose={onClose}>
      <Field label={t.permission}>
        <select
          value={permission.value}
          onChange={(event) => (permission.value = event.currentTarget.value as KeyView["permission"])}
        >
          {(["read-write", "read", "write"] as const).map((each) => (
            <option key={each} value={each}>
              {t.permissions[each]}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t.onlyBuckets} hint={t.listHint}>
        <input value={buckets.value} onInput={(event) => (buckets.value = event.currentTarget.value)} />
      </Field>
      <Field label={t.onlyPrefixes} hint={t.listHint}>
        <input value={prefixes.value} onInput={(event) => (prefixes.value = event.currentTarget.value)} />
      </Field>
      <Field label={t.expires}>
        <input type="date" value={expires.value} onInput={(event) => (expires.value = event.currentTarget.value)} />
      </Field>
      <Field label={t.identityPolicy}>
        <textarea
          rows={4}
          style={{ minHeight: "90px" }}
          value={policy.value}
          onInput={(event) => (policy.value = event.currentTarget.value)}
        />
      </Field>
      <div class="row end">
        <button onClick={onClose}>{t.cancel}</button>
        <Act class="primary" run={create}>
          {t.create}
        </Act>
      </div>
    </Dialog>
  );
}

function Quota({ admin, account, again, onClose }: Common & { account: AccountView; onClose: () => void }) {
  const [size, objects] = [
    useSignal(String(account.quota.bytes ?? "")),
    useSignal(String(account.quota.objects ?? "")),
  ];
  const save = async () => {
    await admin.post(path("accounts", account.name, "quota"), {
      ...(size.value !== "" && { bytes: /^\d+$/.test(size.value) ? Number(size.value) : size.value }),
      ...(objects.value !== "" && { objects: Number(objects.value) }),
    });
    await saved(again);
    onClose();
  };
  return (
    <Dialog title={`${t.quota}: ${account.name}`} onClose={onClose}>
      <Field label={t.bytesAtMost} hint={t.sizeHint}>
        <input value={size.value} onInput={(event) => (size.value = event.currentTarget.value)} />
      </Field>
      <Field label={t.objectsAtMost}>
        <input
          type="number"
          min="0"
          value={objects.value}
          onInput={(event) => (objects.value = event.currentTarget.value)}
        />
      </Field>
      <div class="row end">
        <button onClick={onClose}>{t.cancel}</button>
        <Act class="primary" run={save}>
          {t.save}
        </Act>
      </div>
    </Dialog>
  );
}

function RemoveAccount({ admin, account, again, onClose }: Common & { account: AccountView; onClose: () => void }) {
  const run = async () => {
    await admin.delete(path("accounts", account.name));
    await saved(again);
  };
  return (
    <Confirm title={t.removeAccount(account.name)} action={t.remove} onConfirm={run} onClose={onClose}>
      <p>{t.removeAccountHint}</p>
    </Confirm>
  );
}

function Revoke({ admin, shown, again, onClose }: Common & { shown: KeyView; onClose: () => void }) {
  const run = async () => {
    await admin.delete(path("keys", shown.accessKeyId));
    await saved(again);
  };
  return (
    <Confirm title={t.revokeTitle(short(shown.accessKeyId, 12, 6))} action={t.revoke} onConfirm={run} onClose={onClose}>
      <p>{t.revokeHint}</p>
    </Confirm>
  );
}
