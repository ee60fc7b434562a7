import type { z } from "zod";

/** A refinement: of these settings, which are places for one value, at most one is given; `required`: exactly one. */
export const onePlace =
  (names: readonly string[], required: "required" | "optional") =>
  (values: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void => {
    const given = names.filter((name) => values[name] !== undefined);
    if (given.length === 0 && required === "required")
      context.addIssue(`needs ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`);
    if (given.length < 2) return;
    for (const name of given) {
      const others = given.filter((other) => other !== name).join(" and ");
      context.addIssue({
        code: "custom",
        path: [name],
        message: `${others} is set as well, for the same value: keep one`,
      });
    }
  };
