import { z } from "zod";
import { wholeNumber, yesNo } from "./quantity.js";

const accounts = z.array(z.string()).min(1).optional();

/** Storage nodes under a name that buckets may choose. */
const regionSchema = z
  .strictObject({
    /** As the tag `cess-regions` has it. */
    name: z.string().regex(/^[\w.-]{1,40}$/, "must be a name of letters, digits, dots and dashes, such as eu-west"),
    /** /16 networks (IPv6: /32), and host names, of storage nodes' endpoints. */
    networks: z.array(z.string().min(1)).min(1).max(10_000).optional(),
    /** Accounts of storage nodes. */
    nodes: z.array(z.string()).min(1).max(10_000).optional(),
  })
  .refine(({ networks, nodes }) => networks !== undefined || nodes !== undefined, "needs networks or nodes");

const rules = ["prefer", "require", "avoid", "perNetwork", "perOperator"] as const;

/** Which storage nodes get fragments; see docs/placement.md. */
export const placementSchema = z
  .strictObject({
    /** Accounts of storage nodes that get fragments first. */
    prefer: accounts,
    /** Accounts of storage nodes: no others get fragments. */
    require: accounts,
    avoid: accounts,
    /** Most fragments of a file in one /16 network, and with one operator. */
    perNetwork: wholeNumber({ min: 1, max: 12 }).optional(),
    perOperator: wholeNumber({ min: 1, max: 12 }).optional(),
    /** Path of an ES module that exports the operator's own `policy`. */
    module: z.string().min(1).optional(),
    /** Whether buckets may choose storage nodes, by the tags `cess-nodes` and `cess-regions`, among those that the rules leave. */
    tags: yesNo.default(false),
    regions: z
      .array(regionSchema)
      .max(1_000)
      .default([])
      .refine(
        (regions) => new Set(regions.map(({ name }) => name)).size === regions.length,
        "has two regions of one name: keep one",
      ),
  })
  .refine(
    (placement) => placement.module === undefined || rules.every((rule) => placement[rule] === undefined),
    "module decides alone: remove the other rules, or module",
  );
