import type { NodeRow } from "../../../network/nodes/persistent-node-registry.js";

/** A storage node as the admin listener shows it. */
export interface NodeView extends NodeRow {
  /** The operator's regions that it is in; absent where it is in none. */
  readonly region?: string;
  /** Of the newest 20,000 files of this catalog, those that it was given and has not given up. */
  readonly fragments: number;
}
