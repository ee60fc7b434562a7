/**
 * How an object is stored on CESS: in a file of its own, or in a pack, a file that it shares with other small objects.
 * Also the values of the user metadata and of the bucket tag `cess-layout`.
 */
export const layouts = ["own-file", "pack"] as const;
export type Layout = (typeof layouts)[number];

/** The name of the user metadata and of the bucket tag that choose a layout. */
export const LAYOUT_NAME = "cess-layout";

export function isLayout(text: string): text is Layout {
  return (layouts as readonly string[]).includes(text);
}
