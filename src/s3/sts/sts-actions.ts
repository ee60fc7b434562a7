import type { AccessKey } from "../../model/account.js";
import { StsError } from "../../sts/sts-error.js";
import type { Issued, RoleRequest, Sts } from "../../sts/sts.js";
import type { XmlField } from "../wire/xml-schema.js";

export interface StsCall {
  readonly sts: Sts;
  /** Undefined only where the action needs no signature. */
  readonly caller: AccessKey | undefined;
  readonly parameters: URLSearchParams;
}

/** A call of the STS API. */
export interface StsAction {
  readonly name: string;
  /** Whether it needs a signature. */
  readonly signed: boolean;
  /** The members of the result, as their elements. */
  readonly result: readonly XmlField[];
  run(call: StsCall): Promise<object>;
}

const text = (element: string): XmlField => ({ element, type: "string" });
const credentials: XmlField = {
  element: "Credentials",
  type: [text("AccessKeyId"), text("SecretAccessKey"), text("SessionToken"), text("Expiration")],
};
const assumedUser: XmlField = { element: "AssumedRoleUser", type: [text("AssumedRoleId"), text("Arn")] };
const packedSize = text("PackedPolicySize");

const getCallerIdentity: StsAction = {
  name: "GetCallerIdentity",
  signed: true,
  result: [text("Arn"), text("UserId"), text("Account")],
  run({ caller }) {
    const { account, session } = signer(caller);
    const { id: Account } = account;
    return Promise.resolve(
      session
        ? { Account, UserId: `${Account}:${session.name}`, Arn: sessionArn(Account, account.displayName, session.name) }
        : { Account, UserId: Account, Arn: `arn:aws:iam::${Account}:user/${account.displayName}` },
    );
  },
};

const getSessionToken: StsAction = {
  name: "GetSessionToken",
  signed: true,
  result: [credentials],
  async run({ sts, caller, parameters }) {
    refuseMfa(parameters);
    const issued = await sts.getSessionToken(signer(caller), { durationSeconds: durationOf(parameters) });
    return { Credentials: credentialsOf(issued) };
  },
};

const assumeRole: StsAction = {
  name: "AssumeRole",
  signed: true,
  result: [credentials, assumedUser, packedSize],
  async run({ sts, caller, parameters }) {
    refuseMfa(parameters);
    const role = roleOf(parameters);
    const issued = await sts.assumeRole(signer(caller), roleRequest(parameters));
    return roleResult(issued, role);
  },
};

const assumeRoleWithWebIdentity: StsAction = {
  name: "AssumeRoleWithWebIdentity",
  signed: false,
  result: [
    credentials,
    text("SubjectFromWebIdentityToken"),
    assumedUser,
    packedSize,
    text("Provider"),
    text("Audience"),
  ],
  async run({ sts, parameters }) {
    const token = parameters.get("WebIdentityToken") ?? "";
    if (token === "") throw new StsError("MissingParameter", "The request must contain the parameter WebIdentityToken");
    const role = roleOf(parameters);
    const issued = await sts.assumeRoleWithWebIdentity(token, roleRequest(parameters));
    const { subject, issuer, audience } = issued.claims;
    return {
      ...roleResult(issued, role),
      SubjectFromWebIdentityToken: subject,
      Provider: issuer,
      Audience: audience,
    };
  },
};

/** Every action served. */
export const stsActions: readonly StsAction[] = [
  assumeRole,
  assumeRoleWithWebIdentity,
  getCallerIdentity,
  getSessionToken,
];

function signer(caller: AccessKey | undefined): AccessKey {
  if (caller) return caller;
  throw new StsError("MissingAuthenticationToken", "Request is missing Authentication Token");
}

/** ValidationError for what is no whole number. */
function durationOf(parameters: URLSearchParams): number | undefined {
  const value = parameters.get("DurationSeconds");
  if (value === null || value === "") return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new StsError("ValidationError", `DurationSeconds must be a whole number; it is ${value.slice(0, 40)}`);
}

/** What would narrow the session and is not known here must be refused, not ignored. */
function roleRequest(parameters: URLSearchParams): RoleRequest {
  for (const name of parameters.keys())
    if (name.startsWith("PolicyArns."))
      throw new StsError("ValidationError", "PolicyArns are not supported: send the policy itself, as Policy");
  return {
    durationSeconds: durationOf(parameters),
    sessionName: parameters.get("RoleSessionName") ?? undefined,
    policy: parameters.get("Policy") || undefined,
  };
}

function refuseMfa(parameters: URLSearchParams): void {
  if (parameters.has("TokenCode") || parameters.has("SerialNumber"))
    throw new StsError(
      "AccessDenied",
      "MultiFactorAuthentication is not supported: leave SerialNumber and TokenCode out",
    );
}

/** There are no roles here: the name only appears in the answer. Clients need not send one. ValidationError. */
function roleOf(parameters: URLSearchParams): string | undefined {
  const arn = parameters.get("RoleArn");
  if (arn === null || arn === "") return undefined;
  const [, name] =
    (arn.length <= 2048 && /^arn:[\w-]+:iam::[^:/]*:role\/(?:[^/]+\/)*([\w+=,.@-]{1,64})$/.exec(arn)) || [];
  if (name !== undefined) return name;
  throw new StsError("ValidationError", `${arn.slice(0, 200)} is invalid: a role is arn:aws:iam::ACCOUNT:role/NAME`);
}

const sessionArn = (account: string, role: string, session: string) =>
  `arn:aws:sts::${account}:assumed-role/${role}/${session}`;

function credentialsOf({ credentials: issued }: Issued): object {
  return {
    AccessKeyId: issued.accessKeyId,
    SecretAccessKey: issued.secretAccessKey,
    SessionToken: issued.sessionToken,
    Expiration: new Date(issued.expiresAt).toISOString().replace(/\.\d{3}/, ""),
  };
}

function roleResult(issued: Issued, role: string | undefined): object {
  const { account, sessionName, packedPolicySize } = issued;
  return {
    Credentials: credentialsOf(issued),
    AssumedRoleUser: {
      AssumedRoleId: `${account.id}:${sessionName}`,
      Arn: sessionArn(account.id, role ?? account.displayName, sessionName),
    },
    PackedPolicySize: String(packedPolicySize),
  };
}
