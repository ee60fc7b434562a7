import { useSignal } from "@preact/signals";
import type { OwnPlacementAnswer } from "../../../src/cli/admin-answers.js";
import { listOf, number } from "../lib/format.js";
import { placementOf, placementTags, type Placement } from "../lib/placement-tags.js";
import type { Pairs } from "../lib/pairs.js";
import { parseTags, writeTags } from "../lib/tags.js";
import { t } from "../texts.js";
import { useLoad } from "../ui/load.js";
import { PairEditor } from "../ui/pairs.js";
import { Act, Field, Loading, Notice, saved } from "../ui/parts.js";
import { Section, type SettingsProps } from "./settings-section.js";

/** Nodes that each file needs. */
const FRAGMENTS = 12;

/** A bucket's tags: those that choose storage nodes in a form of their own, where the gateway lets buckets choose. */
export function BucketTags({ s3, bucket }: SettingsProps) {
  const at = { bucket, query: { tagging: "" } };
  const { value, failure, again } = useLoad(() => s3.document(at).then(parseTags), [bucket]);
  const gateway = useLoad(() => s3.own<OwnPlacementAnswer>("GET", "/placement"), [s3]);
  const tags = value.value;
  const offer = gateway.value.value;
  const { chosen, others } = placementOf(tags ?? []);
  const save = async (next: Pairs) => {
    if (next.length > 0) await s3.putDocument(at, writeTags(next));
    else await s3.removeDocument(at);
    await saved(again);
  };
  // Where buckets may not choose, tags that do are wrong, and can only be removed.
  const own = offer?.allowed === true ? (tags ?? []).filter((tag) => !others.includes(tag)) : [];
  const plain = offer?.allowed === true ? others : tags;
  const failed = failure.value || gateway.failure.value;
  return (
    <>
      <Section title={t.placement} hint={t.placementHint}>
        {failed !== "" && <Notice tone="bad">{failed}</Notice>}
        {(!tags || !offer) && failed === "" && <Loading />}
        {offer?.allowed === false && <p class="muted">{t.placementOff}</p>}
        {tags && offer?.allowed === true && (
          <PlacementForm
            key={JSON.stringify(chosen)}
            s3={s3}
            offer={offer}
            chosen={chosen}
            onSave={(next) => save([...others, ...next])}
          />
        )}
      </Section>
      <Section title={t.tags} hint={t.bucketTagsHint}>
        {failure.value !== "" && <Notice tone="bad">{failure.value}</Notice>}
        {tags && (offer ?? gateway.failure.value !== "") && plain && (
          <PairEditor key={JSON.stringify(plain)} pairs={plain} onSave={(next) => save([...next, ...own])} />
        )}
      </Section>
    </>
  );
}

interface PlacementFormProps {
  s3: SettingsProps["s3"];
  offer: OwnPlacementAnswer;
  chosen: Placement;
  onSave: (tags: Pairs) => Promise<unknown>;
}

function PlacementForm({ s3, offer, chosen, onSave }: PlacementFormProps) {
  const regions = useSignal<readonly string[]>(chosen.regions);
  const nodes = useSignal(chosen.nodes.join("\n"));
  const accounts = listOf(nodes.value);
  const tags = placementTags({ regions: regions.value, nodes: accounts });
  // The gateway's own rules, before anything is set.
  const check = useLoad(
    async () => (tags ? s3.own<OwnPlacementAnswer>("GET", "/placement", Object.fromEntries(tags)) : undefined),
    [JSON.stringify(tags)],
  );
  const known = offer.regions.map(({ name }) => name);
  const all = [...offer.regions, ...chosen.regions.filter((name) => !known.includes(name)).map((name) => ({ name }))];
  const turn = (name: string) => {
    const others = regions.value.filter((each) => each !== name);
    regions.value = others.length < regions.value.length ? others : [...others, name];
  };
  const fault = tags ? check.value.value?.refused : t.tooManyNodes;
  return (
    <div class="stack">
      {all.length > 0 && (
        <fieldset class="choices long">
          <legend>{t.regionsWanted}</legend>
          {all.map((region) => (
            <label key={region.name} class="check">
              <input type="checkbox" checked={regions.value.includes(region.name)} onChange={() => turn(region.name)} />
              {region.name}
              <span class="muted">{"nodes" in region ? t.nodesInService(number(region.nodes)) : t.noSuchRegion}</span>
            </label>
          ))}
        </fieldset>
      )}
      <Field label={t.nodesWanted} hint={t.nodesWantedHint(accounts.length)}>
        <textarea
          class="short"
          rows={accounts.length > 0 ? 6 : 2}
          spellcheck={false}
          value={nodes.value}
          onChange={(event) => (nodes.value = event.currentTarget.value)}
        />
      </Field>
      {check.failure.value !== "" && <Notice tone="bad">{check.failure.value}</Notice>}
      {fault !== undefined ? <Notice tone="bad">{fault}</Notice> : <Meaning check={check.value.value} />}
      <div class="row">
        <Act class="primary" disabled={fault !== undefined || !tags} run={() => onSave(tags ?? [])}>
          {t.save}
        </Act>
      </div>
    </div>
  );
}

/** What would follow from it. */
function Meaning({ check }: { check: OwnPlacementAnswer | undefined }) {
  if (!check) return null;
  if (!check.wish) return <Notice>{t.anyNodes(number(check.nodes))}</Notice>;
  const { text, nodes } = check.wish;
  return (
    <Notice tone={nodes < FRAGMENTS ? "warn" : "good"}>
      {t.onlyNodes(text, number(nodes))} {nodes < FRAGMENTS ? t.tooFewNodes : ""} {t.placementCosts}
    </Notice>
  );
}
