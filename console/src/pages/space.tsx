import { useSignal, type Signal } from "@preact/signals";
import type { OwnTerritoryAnswer, TerritoryPaidAnswer, TerritoryQuoteAnswer } from "../../../src/cli/admin-answers.js";
import { bytes, listOf, moment, short, tokens } from "../lib/format.js";
import { hasWallet, signature } from "../lib/wallet.js";
import { t } from "../texts.js";
import { useLoad } from "../ui/load.js";
import { Act, Badge, CopyButton, Field, Loading, Name, Notice, told } from "../ui/parts.js";

type Kind = keyof typeof t.spaceKinds;

const GROUPS: readonly (readonly [string, readonly Kind[]])[] = [
  [t.space, ["renew", "expand", "buy", "reactivate", "move"]],
  [t.gateways, ["authorize", "revoke"]],
];

/** Who answers about an account's space: the operators' API of any account, the users' of their own. */
export interface SpaceSource {
  account(): Promise<OwnTerritoryAnswer>;
  quote(asked: Asked & { readonly kind: string }): Promise<TerritoryQuoteAnswer>;
  pass(signed: { readonly payload: object; readonly signature: string }): Promise<TerritoryPaidAnswer>;
}

/** What is to be done, as the admin API and the command line name it. */
type Asked = Readonly<Partial<Record<"territory" | "gib" | "days" | "to" | "fids" | "operator", string>>>;

/**
 * What an account's owner does on the chain: space and time in territories, files between them, who may store. The price
 * first, then the signature of the account's own wallet.
 */
export function Space({ source, onClose }: { source: SpaceSource; onClose?: () => void }) {
  const { value, failure, again } = useLoad(() => source.account(), [source]);
  const owned = value.value;
  const lacks = lackedBy(owned);
  const picked = useSignal<Kind | undefined>(undefined);
  const kind = picked.value ?? (lacks === "" ? "renew" : "buy");
  const fields: Fields = {
    territory: useSignal(""),
    name: useSignal(""),
    gib: useSignal("10"),
    days: useSignal("30"),
    to: useSignal(""),
    fids: useSignal(""),
    operator: useSignal(""),
  };
  const quote = useSignal<TerritoryQuoteAnswer | undefined>(undefined);
  const [refused, done] = [useSignal(""), useSignal("")];
  const asked = askedOf(kind, fields, owned);
  const price = () =>
    told(refused, async () => {
      done.value = "";
      quote.value = await source.quote({ kind, ...asked });
    });
  const sign = ({ payload }: TerritoryQuoteAnswer) =>
    told(refused, async () => {
      const body = { payload, signature: await signature(payload) };
      const { refused: reasons = [] } = await source.pass(body);
      quote.value = undefined;
      await again();
      const [reason] = reasons;
      if (reason !== undefined) throw new Error(t.partlyRefused(reasons.length, reason));
      done.value = t.spaceIsThere;
    });
  // What was quoted is for what was asked then.
  const changed = () => {
    quote.value = undefined;
    done.value = "";
  };
  const found = quote.value;
  return (
    <>
      {failure.value !== "" && <Notice tone="bad">{failure.value}</Notice>}
      {!owned && failure.value === "" && <Loading />}
      {owned && <Owned owned={owned} />}
      {lacks !== "" && <Notice tone="warn">{t.noSuchTerritory(lacks)}</Notice>}
      <Field label={t.toDo}>
        <select
          value={kind}
          onChange={(event) => {
            picked.value = event.currentTarget.value as Kind;
            changed();
          }}
        >
          {GROUPS.map(([label, kinds]) => (
            <optgroup key={label} label={label}>
              {kinds.map((each) => (
                <option key={each} value={each}>
                  {t.spaceKinds[each]}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </Field>
      <Inputs kind={kind} fields={fields} owned={owned} onChange={changed} />
      {found && <Cost quote={found} />}
      {found && !hasWallet() && (
        <Notice>
          <p class="flat">{t.noWallet}</p>
          <p class="flat mono small break">{commandOf(kind, asked)}</p>
          <CopyButton text={commandOf(kind, asked)} label={t.copyCommand} />
        </Notice>
      )}
      {refused.value !== "" && <Notice tone="bad">{refused.value}</Notice>}
      {done.value !== "" && <Notice tone="good">{done.value}</Notice>}
      <div class="row end">
        {onClose && <button onClick={onClose}>{done.value === "" ? t.cancel : t.close}</button>}
        {found && hasWallet() ? (
          <Act class="primary" disabled={!found.enough} run={() => sign(found)}>
            {t.signWithWallet}
          </Act>
        ) : (
          <Act class="primary" disabled={Object.values(asked).includes("")} run={price}>
            {t.showPrice}
          </Act>
        )}
      </div>
    </>
  );
}

type Fields = Readonly<Record<"territory" | "name" | "gib" | "days" | "to" | "fids" | "operator", Signal<string>>>;

function askedOf(kind: Kind, fields: Fields, owned: OwnTerritoryAnswer | undefined): Asked {
  const { name, gib, days, fids } = fields;
  const territory = { territory: chosen(fields.territory, namesOf(owned)) };
  switch (kind) {
    case "buy":
      return { territory: name.value || lackedBy(owned), gib: gib.value, days: days.value };
    case "expand":
      return { ...territory, gib: gib.value };
    case "renew":
    case "reactivate":
      return { ...territory, days: days.value };
    case "move": {
      const named = listOf(fids.value).join(" ");
      const others = namesOf(owned).filter((each) => each !== territory.territory);
      return { ...territory, to: chosen(fields.to, others), ...(named !== "" && { fids: named }) };
    }
    case "authorize":
      return { operator: fields.operator.value.trim() || (owned?.gateway ?? "") };
    case "revoke":
      return { operator: chosen(fields.operator, owned?.operators ?? []) };
  }
}

/** Names of territories, the one that is charged first. */
const namesOf = (owned: OwnTerritoryAnswer | undefined): string[] =>
  (owned?.territories.map(({ name }) => name) ?? []).sort(
    (a, b) => Number(b === owned?.charged) - Number(a === owned?.charged),
  );

/** The territory that the account's objects are charged to, where it has none of that name. */
const lackedBy = (owned: OwnTerritoryAnswer | undefined): string =>
  owned && !namesOf(owned).includes(owned.charged) ? owned.charged : "";

/** What is chosen of what there is. */
const chosen = ({ value }: Signal<string>, choices: readonly string[]) =>
  choices.includes(value) ? value : (choices[0] ?? "");

interface InputsProps {
  kind: Kind;
  fields: Fields;
  owned: OwnTerritoryAnswer | undefined;
  onChange: () => void;
}

function Inputs({ kind, fields, owned, onChange }: InputsProps) {
  const set = (value: Signal<string>) => (event: { currentTarget: { value: string } }) => {
    value.value = event.currentTarget.value;
    onChange();
  };
  const whole = (label: string, value: Signal<string>) => (
    <Field label={label}>
      <input type="number" min="1" step="1" value={value.value} onInput={set(value)} />
    </Field>
  );
  const oneOf = (label: string, value: Signal<string>, choices: readonly string[], none = t.noneToChoose) => (
    <Field label={label} {...(choices.length === 0 && { hint: none })}>
      <select value={chosen(value, choices)} onChange={set(value)} disabled={choices.length === 0}>
        {choices.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    </Field>
  );
  const names = namesOf(owned);
  const territory = oneOf(kind === "move" ? t.moveFrom : t.territory, fields.territory, names);
  switch (kind) {
    case "authorize":
      return (
        <Field label={t.gatewayAccount} hint={t.gatewayAccountHint}>
          <input
            class="mono"
            placeholder={owned?.gateway ?? ""}
            value={fields.operator.value}
            onInput={set(fields.operator)}
          />
        </Field>
      );
    case "revoke":
      return oneOf(t.gatewayAccount, fields.operator, owned?.operators ?? []);
    case "move": {
      const from = chosen(fields.territory, names);
      return (
        <>
          {territory}
          {oneOf(
            t.moveTo,
            fields.to,
            names.filter((each) => each !== from),
            t.noOtherTerritory,
          )}
          <Field label={t.moveFids} hint={t.listHint}>
            <input class="mono" value={fields.fids.value} onInput={set(fields.fids)} />
          </Field>
        </>
      );
    }
    case "buy":
      return (
        <>
          <Field label={t.territory} hint={t.newTerritoryHint}>
            <input placeholder={lackedBy(owned)} value={fields.name.value} onInput={set(fields.name)} />
          </Field>
          {whole("GiB", fields.gib)}
          {whole(t.days, fields.days)}
        </>
      );
    default:
      return (
        <>
          {territory}
          {kind === "expand" ? whole("GiB", fields.gib) : whole(t.days, fields.days)}
        </>
      );
  }
}

/** What the account has on the chain now. */
function Owned({ owned }: { owned: OwnTerritoryAnswer }) {
  const { account, free, reserved, frozen, token, territories, charged, operators, gateway } = owned;
  const amounts = [
    tokens(free, token),
    ...(reserved === "0" ? [] : [t.reserved(tokens(reserved, token))]),
    ...(frozen === "0" ? [] : [t.frozen(tokens(frozen, token))]),
  ];
  return (
    <dl>
      <dt>{t.cessAccount}</dt>
      <dd class="mono break">{account}</dd>
      <dt>{t.balance}</dt>
      <dd>{amounts.join(", ")}</dd>
      <dt>{t.territories}</dt>
      <dd>
        {territories.length === 0 && t.none}
        {territories.map(({ name, state, leftBytes, totalBytes, ends }) => (
          <div key={name}>
            <Name text={name} /> {name === charged && <Badge>{t.chargedHere}</Badge>}{" "}
            {state !== "active" && <Badge tone="warn">{state}</Badge>}{" "}
            <span class="muted">{t.leftOf(bytes(leftBytes), bytes(totalBytes), moment(ends))}</span>
          </div>
        ))}
      </dd>
      <dt>{t.gateways}</dt>
      <dd>
        {operators.length === 0 && t.none}
        {operators.map((operator) => (
          <div key={operator} class="mono" title={operator}>
            {short(operator, 10, 8)} {operator === gateway && <Badge>{t.thisGateway}</Badge>}
          </div>
        ))}
      </dd>
    </dl>
  );
}

function Cost({ quote: { what, price, fee, enough, token, warnings = [] } }: { quote: TerritoryQuoteAnswer }) {
  return (
    <>
      <dl aria-live="polite">
        <dt>{t.toDo}</dt>
        <dd class="break">{what}</dd>
        <dt>{t.price}</dt>
        <dd>
          <strong>{price === "0" ? t.onlyFee : tokens(price, token)}</strong>
        </dd>
        <dt>{t.fee}</dt>
        <dd>{t.about(tokens(fee, token))}</dd>
      </dl>
      {warnings.map((warning) => (
        <Notice key={warning} tone="warn">
          {warning}
        </Notice>
      ))}
      {!enough && <Notice tone="bad">{t.notEnough}</Notice>}
    </>
  );
}

/** The same on the command line. */
function commandOf(kind: Kind, { territory = "", gib, days, to = "", fids, operator }: Asked): string {
  const words = (): readonly string[] => {
    switch (kind) {
      case "authorize":
      case "revoke":
        return [kind, quoted(operator ?? "")];
      case "move":
        return ["territory move --from", quoted(territory), "--to", quoted(to), fids ?? "--all"];
      default:
        return ["territory", kind, quoted(territory)];
    }
  };
  const counts = [gib === undefined ? [] : ["--gib", gib], days === undefined ? [] : ["--days", days]].flat();
  return ["cess-s3", ...words(), ...counts, "--mnemonic-file FILE"].join(" ");
}

/** For a shell: a name may have any mark. */
const quoted = (text: string) => (/^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
