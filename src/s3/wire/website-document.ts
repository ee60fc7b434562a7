import type { WebsiteConfiguration as WireWebsite } from "@aws-sdk/client-s3";
import { S3Error } from "../../gateway/s3-error.js";
import type { RoutingRule, WebsiteConfiguration, WebsiteRedirect } from "../../model/website.js";
import { readXml } from "./xml-reader.js";
import type { XmlDocument, XmlField } from "./xml-schema.js";
import { defined } from "../../model/defined.js";

/** AWS's limit. */
const MAX_RULES = 50;

const string = (element: string): XmlField => ({ element, type: "string" });

export const websiteDocument: XmlDocument<WireWebsite> = {
  root: "WebsiteConfiguration",
  fields: [
    { element: "RedirectAllRequestsTo", type: [{ ...string("HostName"), required: true }, string("Protocol")] },
    { element: "IndexDocument", type: [{ ...string("Suffix"), required: true }] },
    { element: "ErrorDocument", type: [{ ...string("Key"), required: true }] },
    {
      element: "RoutingRule",
      member: "RoutingRules",
      within: "RoutingRules",
      list: true,
      type: [
        { element: "Condition", type: [string("KeyPrefixEquals"), string("HttpErrorCodeReturnedEquals")] },
        {
          element: "Redirect",
          required: true,
          type: ["Protocol", "HostName", "ReplaceKeyPrefixWith", "ReplaceKeyWith", "HttpRedirectCode"].map(string),
        },
      ],
    },
  ],
};

const invalid = (message: string, name: string, value: string) =>
  new S3Error("InvalidArgument", { message, fields: { ArgumentName: name, ArgumentValue: value.slice(0, 200) } });
const malformed = (message: string) => new S3Error("InvalidRequest", { message });

function protocolOf(text: string | undefined): Pick<WebsiteRedirect, "protocol"> {
  if (text === undefined) return {};
  if (text === "http" || text === "https") return { protocol: text };
  throw invalid(
    "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.",
    "Protocol",
    text,
  );
}

/** A host name, perhaps with a port, and nothing else: it becomes part of a URL. InvalidArgument. */
function hostOf(text: string): string {
  if (/^[A-Za-z0-9.-]{1,253}(:\d{1,5})?$/.test(text)) return text;
  throw invalid("The host name is not valid", "HostName", text);
}

function statusOf(text: string, name: string, range: RegExp): number {
  if (range.test(text)) return Number(text);
  throw invalid(`The provided HTTP code (${text.slice(0, 20)}) is not valid.`, name, text);
}

/** MalformedXML, InvalidArgument, InvalidRequest. */
export function readWebsite(document: string): WebsiteConfiguration {
  const {
    RedirectAllRequestsTo: all,
    IndexDocument,
    ErrorDocument,
    RoutingRules = [],
  } = readXml(document, websiteDocument);
  if (all) {
    if (IndexDocument ?? ErrorDocument ?? RoutingRules[0])
      throw malformed("RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.");
    return { redirectAll: { host: hostOf(all.HostName ?? ""), ...protocolOf(all.Protocol) } };
  }
  const index = IndexDocument?.Suffix;
  if (index === undefined)
    throw invalid(
      "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty",
      "IndexDocument",
      "null",
    );
  if (index === "" || index.includes("/"))
    throw invalid("The IndexDocument Suffix is not well formed", "IndexDocument", index);
  if (ErrorDocument?.Key === "") throw invalid("The ErrorDocument Key is not well formed", "ErrorDocument", "");
  if (RoutingRules.length > MAX_RULES) throw malformed(`The number of routing rules must not exceed ${MAX_RULES}.`);
  return defined({ index, error: ErrorDocument?.Key, rules: RoutingRules.map(readRule) });
}

function readRule({ Condition, Redirect = {} }: NonNullable<WireWebsite["RoutingRules"]>[number]): RoutingRule {
  const { KeyPrefixEquals: prefix, HttpErrorCodeReturnedEquals: error } = Condition ?? {};
  if (Condition && prefix === undefined && error === undefined)
    throw malformed(
      "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.",
    );
  const { Protocol, HostName, ReplaceKeyPrefixWith, ReplaceKeyWith, HttpRedirectCode } = Redirect;
  if ([Protocol, HostName, ReplaceKeyPrefixWith, ReplaceKeyWith, HttpRedirectCode].every((each) => each === undefined))
    throw malformed("Redirect must not be empty.");
  if (ReplaceKeyPrefixWith !== undefined && ReplaceKeyWith !== undefined)
    throw malformed("You can only define ReplaceKeyPrefix or ReplaceKey but not both.");
  return defined({
    prefix,
    errorStatus: error === undefined ? undefined : statusOf(error, "HttpErrorCodeReturnedEquals", /^[45]\d\d$/),
    redirect: defined({
      ...protocolOf(Protocol),
      host: HostName === undefined ? undefined : hostOf(HostName),
      replacePrefixWith: ReplaceKeyPrefixWith,
      replaceKeyWith: ReplaceKeyWith,
      status: HttpRedirectCode === undefined ? undefined : statusOf(HttpRedirectCode, "HttpRedirectCode", /^3\d\d$/),
    }),
  });
}

export function writeWebsite(configuration: WebsiteConfiguration): WireWebsite {
  if ("redirectAll" in configuration) {
    const { host, protocol } = configuration.redirectAll;
    return { RedirectAllRequestsTo: { HostName: host, Protocol: protocol } };
  }
  const { index, error, rules } = configuration;
  return {
    IndexDocument: { Suffix: index },
    ErrorDocument: error === undefined ? undefined : { Key: error },
    RoutingRules:
      rules.length === 0
        ? undefined
        : rules.map(({ prefix, errorStatus, redirect }) => ({
            Condition:
              prefix === undefined && errorStatus === undefined
                ? undefined
                : { KeyPrefixEquals: prefix, HttpErrorCodeReturnedEquals: errorStatus?.toString() },
            Redirect: {
              Protocol: redirect.protocol,
              HostName: redirect.host,
              ReplaceKeyPrefixWith: redirect.replacePrefixWith,
              ReplaceKeyWith: redirect.replaceKeyWith,
              HttpRedirectCode: redirect.status?.toString(),
            },
          })),
  };
}
