import type { ObjectKey, Objects } from "../../gateway/gateway.js";
import type { CustomerKey } from "../../model/encryption.js";
import { defined } from "../../model/defined.js";
import { onObject } from "../access-rules.js";
import type { Operation } from "../operation.js";
import { onlyCustomerKey } from "../wire/encryption-headers.js";
import { requestedObject } from "../wire/object-name.js";

interface Input {
  readonly name: ObjectKey;
  readonly customer: CustomerKey | undefined;
}

/** Our own: what the chain lists of a stored object, signed by the gateway (docs/receipts.md). */
export const getObjectReceipt: Operation<Input, Awaited<ReturnType<Objects["receipt"]>>> = {
  name: "GetObjectReceipt",
  match: { method: "GET", scope: "object", query: ["x-cess-receipt"] },
  access: onObject("s3:GetObject"),
  parse: (request) => ({ name: requestedObject(request), customer: onlyCustomerKey(request.headers) }),
  run({ objects }, { name, customer }, call) {
    return objects.receipt(call, name, defined({ preconditions: {}, customer }));
  },
  render: ({ receipt, versionId }) => ({
    status: 200,
    headers: { "Content-Type": "application/json", "x-amz-version-id": versionId },
    body: `${JSON.stringify(receipt, undefined, 2)}\n`,
  }),
};
