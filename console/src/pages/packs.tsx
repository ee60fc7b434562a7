import type { AccountView } from "../../../src/cli/gateway/identity-requests.js";
import type { PackStatus } from "../../../src/packing/packer.js";
import type { Admin } from "../lib/admin.js";
import { bytes, duration, number, short } from "../lib/format.js";
import { t } from "../texts.js";
import { Icon } from "../ui/icon.js";
import { useLoad } from "../ui/load.js";
import { Act, Loading, Notice, State, toast } from "../ui/parts.js";

/** Small objects that share files: what waits, how full the packs are, and what merging has won. */
export function Packs({ admin }: { admin: Admin }) {
  const { value, failure, again } = useLoad(() => admin.get<PackStatus>("/packs"), [admin], 5_000);
  const accounts = useLoad(() => admin.get<AccountView[]>("/accounts"), [admin]);
  const found = value.value;
  const flush = async () => {
    await admin.post("/packs/flush");
    toast(t.packsClose);
    await again();
  };
  if (!found) return failure.value === "" ? <Loading /> : <Notice tone="bad">{failure.value}</Notice>;
  const waiting = found.queues.reduce((sum, { objects }) => sum + objects, 0);
  return (
    <div class="page">
      <div class="head">
        <h1>{t.packs}</h1>
        <span class="spacer" />
        <Act run={flush} disabled={waiting === 0}>
          <Icon name="pack" />
          {t.closePacks}
        </Act>
      </div>
      <p class="muted">{t.packsHint}</p>
      <div class="grid">
        <div class="card">
          <span class="muted">{t.waitingObjects}</span>
          <span class="figure">{number(waiting)}</span>
          <span class="muted small">{oldestText(found.queues)}</span>
        </div>
        {Object.entries(found.packs).map(([state, count]) => (
          <div class="card" key={state}>
            <State state={state} />
            <span class="figure">{number(count)}</span>
            <span class="muted small">{t.packsInState}</span>
          </div>
        ))}
      </div>
      <Fill accounts={found.accounts} names={new Map(accounts.value.value?.map(({ id, name }) => [id, name]))} />
      <section class="card" aria-label={t.merging}>
        <h2>{t.merging}</h2>
        <dl>
          <dt>{t.mergingRuns}</dt>
          <dd>{number(found.merging.runs)}</dd>
          <dt>{t.mergingSent}</dt>
          <dd>{bytes(found.merging.sentBytes)}</dd>
        </dl>
      </section>
    </div>
  );
}

function oldestText(queues: PackStatus["queues"]): string {
  const times = queues.map(({ oldest }) => oldest);
  return times.length === 0 ? t.nothingWaits : t.oldest(duration((Date.now() - Math.min(...times)) / 1000));
}

/** How much of each account's packs is still needed. */
function Fill({ accounts, names }: { accounts: PackStatus["accounts"]; names: ReadonlyMap<string, string> }) {
  if (accounts.length === 0) return null;
  return (
    <div class="card flush scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th>{t.account}</th>
            <th class="num">{t.content}</th>
            <th style={{ width: "40%" }}>{t.fill}</th>
            <th class="num">{t.deadBytes}</th>
            <th class="num">{t.charged}</th>
          </tr>
        </thead>
        <tbody>
          {accounts.map((account) => {
            const { objectBytes, chargedBytes, deadBytes } = account;
            const share = objectBytes + deadBytes === 0 ? 1 : objectBytes / (objectBytes + deadBytes);
            return (
              <tr key={account.owner}>
                <td title={account.owner}>
                  {names.get(account.owner) ?? <span class="mono">{short(account.owner, 8, 6)}</span>}
                </td>
                <td class="num">{bytes(objectBytes)}</td>
                <td>
                  <div class="bar">
                    <i class={share < 0.5 ? "warn" : "good"} style={{ width: `${share * 100}%` }} />
                  </div>
                  <div class="small muted">{`${Math.round(share * 100)} %`}</div>
                </td>
                <td class="num">{bytes(deadBytes)}</td>
                <td class="num">{bytes(chargedBytes)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
