import {
  cannedAcls,
  groups,
  permissions,
  type AclRequest,
  type CannedAcl,
  type Grant,
  type Grantee,
  type Permission,
} from "../../model/acl.js";
import { S3Error } from "../../gateway/s3-error.js";
import type { NamedAcl } from "../../gateway/gateway.js";
import type { Headers } from "./headers.js";
import { readXml } from "./xml-reader.js";
import { S3_NAMESPACE, type XmlDocument, type XmlField } from "./xml-schema.js";
import { escapeXml, XML_DECLARATION } from "./xml-writer.js";

/** The permission that each `x-amz-grant-…` header grants. */
const grantHeaders: Readonly<Record<string, Permission>> = {
  "full-control": "FULL_CONTROL",
  read: "READ",
  write: "WRITE",
  "read-acp": "READ_ACP",
  "write-acp": "WRITE_ACP",
};

const invalid = (message: string, name: string, value: string) =>
  new S3Error("InvalidArgument", { message, fields: { ArgumentName: name, ArgumentValue: value.slice(0, 200) } });

function granteeOf(kind: string, value: string): Grantee {
  if (kind === "id") return { id: value };
  if (kind === "uri") {
    if (!groups.includes(value)) throw invalid("Invalid group uri", "uri", value);
    return { group: value };
  }
  if (kind === "emailAddress")
    throw new S3Error("UnresolvableGrantByEmailAddress", { fields: { ArgumentValue: value.slice(0, 200) } });
  throw invalid("Argument format not recognized", "x-amz-grant", kind);
}

/** `id="…", uri="…"`, with or without quotes. */
function grantees(header: string, value: string): Grantee[] {
  return value.split(",").map((entry) => {
    const [, kind = "", quoted, plain] = /^\s*(\w+)\s*=\s*(?:"([^"]*)"|([^\s"]+))\s*$/.exec(entry) ?? [];
    if (kind === "") throw invalid("Argument format not recognized", header, value);
    return granteeOf(kind, quoted ?? plain ?? "");
  });
}

/**
 * The ACL in the headers; undefined where there is none. InvalidArgument, InvalidRequest,
 * UnresolvableGrantByEmailAddress.
 */
export function aclHeaders(headers: Headers): AclRequest | undefined {
  const canned = headers.get("x-amz-acl");
  const granted = headers.withPrefix("x-amz-grant-");
  if (canned !== undefined && canned !== "") {
    if (granted.length > 0)
      throw new S3Error("InvalidRequest", { message: "Specifying both Canned ACLs and Header Grants is not allowed" });
    if (!cannedAcls.includes(canned as CannedAcl))
      throw invalid("The canned ACL is not one of S3's", "x-amz-acl", canned);
    return { canned: canned as CannedAcl };
  }
  if (granted.length === 0) return undefined;
  const grants = granted.flatMap(([name, value]): Grant[] => {
    const permission = Object.hasOwn(grantHeaders, name) ? grantHeaders[name] : undefined;
    if (!permission) throw invalid("Unknown grant header", `x-amz-grant-${name}`, value);
    return grantees(`x-amz-grant-${name}`, value).map((grantee) => ({ grantee, permission }));
  });
  return { grants };
}

export interface WireGrantee {
  readonly ID?: string;
  readonly URI?: string;
  readonly EmailAddress?: string;
}

interface WireAcl {
  readonly Owner?: { readonly ID?: string };
  readonly Grants: readonly { readonly Grantee: WireGrantee; readonly Permission: string }[];
}

export const wireGrantee: readonly XmlField[] = ["ID", "DisplayName", "URI", "EmailAddress"].map((element) => ({
  element,
  type: "string",
}));

const accessControlPolicy: XmlDocument<WireAcl> = {
  root: "AccessControlPolicy",
  fields: [
    {
      element: "Owner",
      type: [
        { element: "ID", type: "string" },
        { element: "DisplayName", type: "string" },
      ],
    },
    {
      element: "Grant",
      member: "Grants",
      within: "AccessControlList",
      list: true,
      type: [
        { element: "Grantee", required: true, type: wireGrantee },
        { element: "Permission", type: "string", required: true },
      ],
    },
  ],
};

/** Reads an AccessControlPolicy document. MalformedACLError. */
export function readAcl(document: string): AclRequest {
  let wire: WireAcl;
  try {
    wire = readXml(document, accessControlPolicy);
  } catch (cause) {
    throw new S3Error("MalformedACLError", { cause });
  }
  if (!/<(\w+:)?AccessControlList[\s/>]/.test(document)) throw new S3Error("MalformedACLError");
  const grants = wire.Grants.map(({ Grantee, Permission: permission }): Grant => {
    if (!permissions.includes(permission as Permission)) throw new S3Error("MalformedACLError");
    return { grantee: readGrantee(Grantee, "MalformedACLError"), permission: permission as Permission };
  });
  if (wire.Owner?.ID === undefined || wire.Owner.ID === "") throw new S3Error("MalformedACLError");
  return { grants, owner: wire.Owner.ID };
}

/** `malformed` is the error for a grantee without ID, URI and e-mail address. */
export function readGrantee(
  { ID, URI, EmailAddress }: WireGrantee,
  malformed: "MalformedACLError" | "MalformedXML",
): Grantee {
  const [kind, value] =
    ID !== undefined ? ["id", ID] : URI !== undefined ? ["uri", URI] : ["emailAddress", EmailAddress];
  if (value === undefined) throw new S3Error(malformed);
  return granteeOf(kind, value);
}

export function granteeElement(grantee: Grantee, names?: ReadonlyMap<string, string>): string {
  const [type, inner] =
    "id" in grantee
      ? ["CanonicalUser", person(grantee.id, names)]
      : ["Group", `<URI>${escapeXml(grantee.group)}</URI>`];
  return `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${type}">${inner}</Grantee>`;
}

function person(id: string, names?: ReadonlyMap<string, string>): string {
  return `<ID>${escapeXml(id)}</ID><DisplayName>${escapeXml(names?.get(id) ?? id)}</DisplayName>`;
}

export function writeAcl({ owner, grants, names }: NamedAcl): string {
  const list = grants
    .map(
      ({ grantee, permission }) =>
        `<Grant>${granteeElement(grantee, names)}<Permission>${permission}</Permission></Grant>`,
    )
    .join("");
  return `${XML_DECLARATION}<AccessControlPolicy xmlns="${S3_NAMESPACE}"><Owner>${person(owner, names)}</Owner><AccessControlList>${list}</AccessControlList></AccessControlPolicy>`;
}
