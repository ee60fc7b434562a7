/** Where a value stands in the configuration: `["accounts", 0, "name"]`. */
export type Place = readonly PropertyKey[];

/** `accounts[0].name` for `["accounts", 0, "name"]`. */
export function placeText(place: Place): string {
  return place
    .map((step, index) => (typeof step === "number" ? `[${step}]` : `${index === 0 ? "" : "."}${String(step)}`))
    .join("");
}

/** The place that `placeText` wrote. */
export function placeOf(text: string): Place {
  return text.split(/\.|\[(\d+)\]\.?/).flatMap((step: string | undefined) => {
    if (step === undefined || step === "") return [];
    return [/^\d+$/.test(step) ? Number(step) : step];
  });
}

/** The setting that a place belongs to, as documents name it: `accounts[].name`. */
export function settingOf(place: Place): string {
  return placeText(place).replace(/\[\d+\]/g, "[]");
}
