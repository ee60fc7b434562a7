import { permissions, type Grant, type Permission } from "../../model/acl.js";
import type { LoggingConfiguration } from "../../model/access-log.js";
import { S3Error } from "../../gateway/s3-error.js";
import { granteeElement, readGrantee, type WireGrantee, wireGrantee } from "./acl.js";
import { readXml } from "./xml-reader.js";
import { S3_NAMESPACE, type XmlDocument } from "./xml-schema.js";
import { escapeXml, XML_DECLARATION } from "./xml-writer.js";
import { defined } from "../../model/defined.js";

/** The most bytes that a log object's key has after its prefix: partitions, time and unique part. */
const MAX_PREFIX = 800;

interface WireStatus {
  readonly LoggingEnabled?: {
    readonly TargetBucket: string;
    readonly TargetPrefix: string;
    readonly TargetGrants?: readonly { readonly Grantee: WireGrantee; readonly Permission: string }[];
    readonly TargetObjectKeyFormat?: {
      readonly SimplePrefix?: object;
      readonly PartitionedPrefix?: { readonly PartitionDateSource?: string };
    };
  };
}

const loggingDocument: XmlDocument<WireStatus> = {
  root: "BucketLoggingStatus",
  fields: [
    {
      element: "LoggingEnabled",
      type: [
        { element: "TargetBucket", type: "string", required: true },
        { element: "TargetPrefix", type: "string", required: true },
        {
          element: "Grant",
          member: "TargetGrants",
          within: "TargetGrants",
          list: true,
          type: [
            { element: "Grantee", required: true, type: wireGrantee },
            { element: "Permission", type: "string", required: true },
          ],
        },
        {
          element: "TargetObjectKeyFormat",
          type: [
            { element: "SimplePrefix", type: [] },
            { element: "PartitionedPrefix", type: [{ element: "PartitionDateSource", type: "string" }] },
          ],
        },
      ],
    },
  ],
};

/** Undefined turns logging off. MalformedXML, InvalidArgument, UnresolvableGrantByEmailAddress. */
export function readLogging(document: string): LoggingConfiguration | undefined {
  const { LoggingEnabled: wire } = readXml(document, loggingDocument);
  if (!wire) return undefined;
  if (wire.TargetBucket === "" || Buffer.byteLength(wire.TargetPrefix) > MAX_PREFIX) {
    throw new S3Error("InvalidArgument", {
      message: `Name a TargetBucket, and a TargetPrefix of at most ${MAX_PREFIX} bytes.`,
      fields: { ArgumentName: "LoggingEnabled" },
    });
  }
  const grants = (wire.TargetGrants ?? []).map(({ Grantee, Permission: permission }): Grant => {
    if (!["FULL_CONTROL", "READ", "WRITE"].includes(permission) || !permissions.includes(permission as Permission))
      throw new S3Error("MalformedXML");
    return { grantee: readGrantee(Grantee, "MalformedXML"), permission: permission as Permission };
  });
  return defined({
    targetBucket: wire.TargetBucket,
    targetPrefix: wire.TargetPrefix,
    grants,
    keyFormat: formatOf(wire.TargetObjectKeyFormat),
  });
}

function formatOf(
  wire: NonNullable<WireStatus["LoggingEnabled"]>["TargetObjectKeyFormat"],
): LoggingConfiguration["keyFormat"] {
  if (!wire) return undefined;
  const { SimplePrefix, PartitionedPrefix } = wire;
  if ((SimplePrefix === undefined) === (PartitionedPrefix === undefined)) throw new S3Error("MalformedXML");
  if (!PartitionedPrefix) return "simple";
  const { PartitionDateSource: source = "DeliveryTime" } = PartitionedPrefix;
  if (source !== "EventTime" && source !== "DeliveryTime") throw new S3Error("MalformedXML");
  return source;
}

export function writeLogging(configuration: LoggingConfiguration | undefined): string {
  const enabled = configuration ? `<LoggingEnabled>${inner(configuration)}</LoggingEnabled>` : "";
  return `${XML_DECLARATION}<BucketLoggingStatus xmlns="${S3_NAMESPACE}">${enabled}</BucketLoggingStatus>`;
}

function inner({ targetBucket, targetPrefix, grants, keyFormat }: LoggingConfiguration): string {
  const list = grants
    .map(({ grantee, permission }) => `<Grant>${granteeElement(grantee)}<Permission>${permission}</Permission></Grant>`)
    .join("");
  const format =
    keyFormat === undefined
      ? ""
      : keyFormat === "simple"
        ? "<SimplePrefix/>"
        : `<PartitionedPrefix><PartitionDateSource>${keyFormat}</PartitionDateSource></PartitionedPrefix>`;
  return (
    `<TargetBucket>${escapeXml(targetBucket)}</TargetBucket>${list === "" ? "" : `<TargetGrants>${list}</TargetGrants>`}` +
    `<TargetPrefix>${escapeXml(targetPrefix)}</TargetPrefix>${format === "" ? "" : `<TargetObjectKeyFormat>${format}</TargetObjectKeyFormat>`}`
  );
}
