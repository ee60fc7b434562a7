import { listOf } from "../lib/format.js";
import { childrenOf, element, textOf, XMLNS } from "../lib/xml.js";
import { t } from "../texts.js";
import { isCount, RuleChoices, Rules, RuleText, type RuleFields, type RuleForm } from "./settings-rules.js";
import type { SettingsProps } from "./settings-section.js";

/** Lists as they are written: separated by spaces. */
interface CorsRule {
  readonly id: string;
  readonly origins: string;
  readonly methods: readonly string[];
  readonly headers: string;
  readonly exposed: string;
  readonly maxAge: string;
}

const METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE"].map((value) => ({ value, label: value }));

const textsOf = (rule: Element, name: string) => childrenOf(rule, name).map(({ textContent }) => textContent);

function ruleXml({ id, origins, methods, headers, exposed, maxAge }: CorsRule): string {
  const each = (name: string, texts: readonly string[]) => texts.map((text) => element(name, text)).join("");
  return (
    `<CORSRule>${id === "" ? "" : element("ID", id)}${each("AllowedHeader", listOf(headers))}` +
    `${each("AllowedMethod", methods)}${each("AllowedOrigin", listOf(origins))}` +
    `${each("ExposeHeader", listOf(exposed))}${maxAge === "" ? "" : element("MaxAgeSeconds", maxAge)}</CORSRule>`
  );
}

const wildcards = (text: string) => text.split("*").length - 1;

/** An origin is a scheme and a host, and perhaps a port: with a path none ever matches. */
const hasPath = (origin: string) => origin.replace(/^[\w+.*-]+:\/{0,2}/, "").includes("/");

function originFault(origins: readonly string[]): string | undefined {
  if (origins.length === 0) return t.corsFaults.noOrigin;
  const many = origins.find((each) => wildcards(each) > 1);
  if (many !== undefined) return t.corsFaults.wildcards(many);
  const path = origins.find(hasPath);
  return path === undefined ? undefined : t.corsFaults.path(path);
}

const form: RuleForm<CorsRule> = {
  name: "cors",
  title: "CORS",
  hint: t.corsHint,
  removable: true,
  fresh: { id: "", origins: "", methods: ["GET", "HEAD"], headers: "", exposed: "ETag", maxAge: "3600" },
  read: (root) =>
    childrenOf(root, "CORSRule").map((rule) => ({
      id: textOf(rule, "ID"),
      origins: textsOf(rule, "AllowedOrigin").join(" "),
      methods: textsOf(rule, "AllowedMethod"),
      headers: textsOf(rule, "AllowedHeader").join(" "),
      exposed: textsOf(rule, "ExposeHeader").join(" "),
      maxAge: textOf(rule, "MaxAgeSeconds"),
    })),
  write: (rules) => `<CORSConfiguration ${XMLNS}>${rules.map(ruleXml).join("")}</CORSConfiguration>`,
  faultsOf({ origins, methods, headers, exposed, maxAge }) {
    const origin = originFault(listOf(origins));
    const header = listOf(headers).find((each) => wildcards(each) > 1);
    const expose = listOf(exposed).find((each) => !/^[!#$%&'+.^`|~\w-]+$/.test(each));
    return {
      ...(origin !== undefined && { origins: origin }),
      ...(methods.length === 0 && { methods: t.corsFaults.noMethod }),
      ...(header !== undefined && { headers: t.corsFaults.wildcards(header) }),
      ...(expose !== undefined && { exposed: t.corsFaults.headerName(expose) }),
      ...(!isCount(maxAge, 0) && { maxAge: t.wholeNumber(0) }),
    };
  },
  fields: (at: RuleFields<CorsRule>) => (
    <>
      <RuleText
        at={at}
        name="origins"
        label={t.corsOrigins}
        hint={t.corsOriginsHint}
        size="several"
        placeholder="https://www.example.com"
      />
      <RuleChoices at={at} name="methods" label={t.corsMethods} choices={METHODS} />
      <RuleText at={at} name="headers" label={t.corsHeaders} hint={t.corsHeadersHint} />
      <RuleText at={at} name="exposed" label={t.corsExposed} hint={t.corsExposedHint} />
      <RuleText at={at} name="maxAge" label={t.corsMaxAge} size="count" />
    </>
  ),
};

/** Which web sites may use the bucket from a browser. */
export const Cors = (props: SettingsProps) => <Rules {...props} form={form} />;
