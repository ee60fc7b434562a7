import type { z } from "zod";
import { AdminRefusal, json, type AdminRoute } from "../../../admin/admin-server.js";
import type { Account, CessAccount } from "../../../model/account.js";
import { InvalidAccount, parseAccount } from "../../../network/chain/accounts.js";
import { ChainUnavailable } from "../../../network/chain/chain.js";
import { failureWords } from "../../../network/chain/refusal-words.js";
import type { OwnerCall } from "../../../network/chain/territory-chain.js";
import { TerritoryReader } from "../../../network/chain/territory-reader.js";
import { NoWalletCall, WalletCalls } from "../../../network/chain/wallet-calls.js";
import type {
  OwnTerritoryAnswer,
  TerritoryAccountAnswer,
  TerritoryPaidAnswer,
  TerritoryQuoteAnswer,
} from "../../admin-answers.js";
import { CommandError } from "../../command-error.js";
import { plainText } from "../../text.js";
import { planMoveAct } from "../../territory/move-plan.js";
import { inBatches } from "../../territory/perform.js";
import { planOperator, planSpace, type CallPlan } from "../../territory/plan.js";
import { territoryView } from "../../territory/words.js";
import {
  signedCallRequest,
  territoryAccountQuery,
  territoryQuery,
  type TerritoryQuery,
} from "../../territory-request.js";
import type { OwnerRoute } from "../owner-requests.js";
import type { Services } from "../services.js";

type Parts = Pick<Services, "session"> & { readonly chain: Pick<Services["chain"], "account"> };

/** What is asked of owners' territories, gateways and tokens. Each rejects with AdminRefusal. */
interface Desk {
  /** `query` as `territoryAccountQuery` has it. */
  readonly look: (query: unknown) => Promise<TerritoryAccountAnswer>;
  /** `query` as `territoryQuery` has it. */
  readonly quote: (query: unknown) => Promise<TerritoryQuoteAnswer>;
  /** `body` as `signedCallRequest` has it; `of`: only calls of this account. */
  readonly pass: (body: unknown, of?: CessAccount) => Promise<TerritoryPaidAnswer>;
}

/**
 * What owners do with territories, gateways and tokens: what it costs, and calls that their wallets have signed. The gateway
 * pays nothing.
 */
export function territoryRoutes(parts: Parts): AdminRoute[] {
  const { look, quote, pass } = territoryDesk(parts);
  return [
    {
      method: "GET",
      path: /^\/territory\/account$/,
      run: async (_groups, _body, query) => json(await look(Object.fromEntries(query))),
    },
    {
      method: "GET",
      path: /^\/territory\/quote$/,
      run: async (_groups, _body, query) => json(await quote(Object.fromEntries(query))),
    },
    { method: "POST", path: /^\/territory\/calls$/, run: async (_groups, body) => json(await pass(body)) },
  ];
}

/** The same for owners themselves: of the account that has signed in, whatever the request says. */
export function ownerTerritoryRoutes(parts: Parts): OwnerRoute[] {
  const { look, quote, pass } = territoryDesk(parts);
  const own = ({ cessAccount }: Account, query: URLSearchParams) => {
    if (query.has("account")) throw new AdminRefusal(400, "account: it is the access key's own, and is not named here");
    return { ...Object.fromEntries(query), account: cessAccount };
  };
  return [
    {
      method: "GET",
      path: "/territory/account",
      run: async (account, query) =>
        json({ ...(await look(own(account, query))), charged: account.territory } satisfies OwnTerritoryAnswer),
    },
    {
      method: "GET",
      path: "/territory/quote",
      run: async (account, query) => json(await quote(own(account, query))),
    },
    {
      method: "POST",
      path: "/territory/calls",
      run: async ({ cessAccount }, _query, body) => json(await pass(body, cessAccount)),
    },
  ];
}

function territoryDesk({ session, chain: signing }: Parts): Desk {
  const chain = new TerritoryReader(session);
  const wallets = new WalletCalls(session);
  const quote = async (query: TerritoryQuery): Promise<TerritoryQuoteAnswer> => {
    const { account, what, price, terms, warnings = [], calls } = await planned(session, chain, query);
    const [{ fee }, { free }, payload] = await Promise.all([
      chain.quote(calls, account),
      chain.balance(account),
      wallets.payload(calls, account),
    ]);
    const enough = free >= price + fee + terms.existentialDeposit;
    const amounts = { price: String(price), fee: String(fee), free: String(free), enough };
    return {
      what,
      ...amounts,
      token: terms.token,
      ...(warnings.length > 0 && { warnings: [...warnings] }),
      payload: { ...payload },
    };
  };
  const look = async (account: CessAccount): Promise<TerritoryAccountAnswer> => {
    const [terms, { free, reserved, frozen }, territories, operators] = await Promise.all([
      chain.terms(),
      chain.balance(account),
      chain.territories(account),
      chain.operators(account),
    ]);
    return {
      account,
      free: String(free),
      reserved: String(reserved),
      frozen: String(frozen),
      token: terms.token,
      territories: territories.map((each) => territoryView(each, terms)),
      operators: [...operators],
      gateway: signing.account,
    };
  };
  const pass = async (body: unknown, of?: CessAccount): Promise<TerritoryPaidAnswer> => {
    const { payload, signature } = parse(signedCallRequest, body);
    if (of !== undefined && parseAccount(payload.address) !== of)
      throw new AdminRefusal(400, `payload.address: only calls of ${of}, the access key's account, are passed on here`);
    const { paid, refused } = await wallets.submit(payload, signature as `0x${string}`);
    const reasons = refused.map((each) => failureWords(each) ?? each.message);
    return { paid: String(paid), ...(reasons.length > 0 && { refused: reasons }) };
  };
  return {
    look: (query) => refusing(() => look(parseAccount(parse(territoryAccountQuery, query).account))),
    quote: (query) => refusing(() => quote(parse(territoryQuery, query))),
    pass: (body, of) => refusing(() => pass(body, of)),
  };
}

type Planned = CallPlan & { readonly account: CessAccount; readonly calls: readonly OwnerCall[] };

/** What is asked, as the commands plan it. Rejects with CommandError where the chain would refuse it. */
async function planned(session: Services["session"], chain: TerritoryReader, query: TerritoryQuery): Promise<Planned> {
  const { account: address, ...asked } = query;
  const account = parseAccount(address);
  switch (asked.kind) {
    case "move":
      return { account, ...(await plannedMove(session, chain, account, asked)) };
    case "authorize":
    case "revoke": {
      const call = { kind: asked.kind, operator: parseAccount(asked.operator) };
      return { account, ...(await planOperator(chain, account, call)), calls: [call] };
    }
    default:
      return { account, ...(await planSpace(chain, account, asked)), calls: [asked] };
  }
}

/** As many files as one extrinsic takes; what is moved then is left out when it is asked again. */
async function plannedMove(
  session: Services["session"],
  chain: TerritoryReader,
  owner: CessAccount,
  { territory: from, to, fids }: Omit<Extract<TerritoryQuery, { readonly kind: "move" }>, "account">,
): Promise<Omit<Planned, "account">> {
  // What is on its way would be moved twice, and take the space twice.
  if ((await chain.unsettledExtrinsics(owner)) > 0)
    throw new CommandError(`extrinsics of ${owner} are under way and not final: try again in a minute`);
  const reads = {
    territories: (of: CessAccount) => chain.territories(of),
    heldFiles: (of: CessAccount) => chain.heldFiles(of),
    file: (fid: Parameters<typeof session.reader.file>[0]) => session.reader.file(fid),
  };
  const named = fids?.split(/\s+/).filter((fid) => fid !== "");
  const act = await planMoveAct(reads, { owner, from, to, fids: named?.length === 0 ? undefined : named });
  const [calls = []] = inBatches(act.calls);
  const [left] = act.plan.left;
  const staying = left ? `: ${plainText(left.why)}` : "";
  if (calls.length === 0)
    throw new CommandError(
      `there is nothing to move from ${plainText(from)}: ${act.plan.there} files are in ${plainText(to)} already, ` +
        `${act.plan.left.length} stay${staying}`,
    );
  const rest = act.calls.length - calls.length;
  const warnings = [
    ...act.warnings,
    ...(rest === 0 ? [] : [`one signature moves ${calls.length} files: ${rest} are left for the next`]),
    ...(left === undefined ? [] : [`${act.plan.left.length} files stay where they are, such as ${left.fid}${staying}`]),
  ];
  return { what: act.what, price: 0n, terms: await chain.terms(), warnings, calls };
}

function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AdminRefusal(400, issue ? `${issue.path.join(".")}: ${issue.message}` : "the request cannot be read");
}

/** The answer, or why there is none. */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InvalidAccount || error instanceof CommandError || error instanceof NoWalletCall)
      throw new AdminRefusal(400, error.message, { cause: error });
    const words = failureWords(error);
    if (words !== undefined) throw new AdminRefusal(409, words, { cause: error });
    if (error instanceof ChainUnavailable) throw new AdminRefusal(503, error.message, { cause: error });
    throw error;
  }
}
