import type { AccessKey } from "../../model/account.js";
import { S3Error } from "../../gateway/s3-error.js";
import { parseAmzDate } from "../wire/http-date.js";
import { knownKey, type AuthenticateComponents, type Authentication } from "./authenticate.js";
import { ALGORITHM, parseScope } from "./signature-claims.js";
import { severalMechanisms } from "./mechanism.js";
import { parseFormPolicy, requireFormPolicy, type FormPolicy } from "./form-policy.js";
import { sameSignature, signText } from "./signature.js";
import { signV2 } from "./signature-v2.js";

type Fields = ReadonlyMap<string, string>;

const wrong = (name: string, value: string, message: string) =>
  new S3Error("InvalidArgument", { message, fields: { ArgumentName: name, ArgumentValue: value.slice(0, 200) } });

/** A required field; `name` as AWS writes it. InvalidArgument where it is missing. */
export function formField(fields: Fields, name: string): string {
  const value = fields.get(name.toLowerCase());
  if (value) return value;
  throw wrong(
    name,
    "",
    `Bucket POST must contain a field named '${name}'. If it is specified, please check the order of the fields.`,
  );
}

/**
 * Who signed a form, by Signature V4 or V2 over its policy. The policy must hold for the fields. A form without signature
 * and policy is anonymous. InvalidArgument, InvalidAccessKeyId, InvalidToken, ExpiredToken, SignatureDoesNotMatch, InvalidPolicyDocument,
 * AccessDenied.
 */
export async function authenticateForm(
  fields: Fields,
  bucket: string,
  components: AuthenticateComponents,
  region: string | undefined,
): Promise<{ readonly authentication: Authentication; readonly policy?: FormPolicy }> {
  const payload = { kind: "unsigned" } as const;
  const newer = ["x-amz-signature", "x-amz-credential", "x-amz-algorithm"].some((name) => fields.has(name));
  const older = ["awsaccesskeyid", "signature"].some((name) => fields.has(name));
  if (newer && older) throw severalMechanisms();
  if (!newer && !older && !fields.has("policy")) return { authentication: { payload, presigned: false } };
  const text = formField(fields, "policy");
  const accessKey = newer ? await signerV4(fields, text, components, region) : await signerV2(fields, text, components);
  // A policy is read only after its signature is verified.
  const policy = parseFormPolicy(text);
  requireFormPolicy(policy, fields, bucket, components.clock.now());
  return { authentication: { accessKey, payload, presigned: false, form: true, version: newer ? 4 : 2 }, policy };
}

async function signerV4(
  fields: Fields,
  policy: string,
  components: AuthenticateComponents,
  region: string | undefined,
): Promise<AccessKey> {
  const algorithm = formField(fields, "X-Amz-Algorithm");
  if (algorithm !== ALGORITHM)
    throw wrong("X-Amz-Algorithm", algorithm, `X-Amz-Algorithm only supports "${ALGORITHM}"`);
  const credential = formField(fields, "X-Amz-Credential");
  const date = formField(fields, "X-Amz-Date");
  const provided = formField(fields, "X-Amz-Signature");
  const because = (why: string) =>
    wrong("X-Amz-Credential", credential, `Error parsing the X-Amz-Credential parameter; ${why}`);
  const scope = parseScope(credential, "s3", because);
  if (region !== undefined && scope.region !== region)
    throw because(`the region '${scope.region.slice(0, 60)}' is wrong; expecting '${region}'`);
  if (parseAmzDate(date) === undefined)
    throw wrong("X-Amz-Date", date, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  if (!date.startsWith(scope.date))
    throw because(
      `Invalid credential date "${scope.date}". This date is not the same as X-Amz-Date: "${date.slice(0, 8)}".`,
    );
  const accessKey = await knownKey(components, scope.accessKeyId, fields.get("x-amz-security-token"));
  requireSignature(
    provided.toLowerCase(),
    signText(policy, scope.scope, accessKey.secretAccessKey),
    scope.accessKeyId,
    policy,
  );
  return accessKey;
}

async function signerV2(fields: Fields, policy: string, components: AuthenticateComponents): Promise<AccessKey> {
  const accessKeyId = formField(fields, "AWSAccessKeyId");
  const provided = formField(fields, "Signature");
  const accessKey = await knownKey(components, accessKeyId, fields.get("x-amz-security-token"));
  requireSignature(provided, signV2(policy, accessKey.secretAccessKey), accessKeyId, policy);
  return accessKey;
}

function requireSignature(provided: string, computed: string, accessKeyId: string, policy: string): void {
  if (sameSignature(computed, provided)) return;
  throw new S3Error("SignatureDoesNotMatch", {
    fields: {
      AWSAccessKeyId: accessKeyId.slice(0, 200),
      StringToSign: policy,
      SignatureProvided: provided.slice(0, 200),
    },
  });
}
