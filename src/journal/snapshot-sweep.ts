import type { JournalCursor, JournalUnit, ReplayedPage } from "../catalog/catalog.js";
import { unitNames } from "../model/journal-unit.js";

/**
 * Finds what a snapshot does not have, while it is replayed into a catalog that has something. A snapshot begins with all
 * there is, in the order of units and keys: so what lies between two of them is gone. It ends with what has changed since,
 * in any order: these take the place of what there is.
 */
export class SnapshotSweep {
  private last: JournalCursor | undefined;
  private isOver = false;

  /** The units that come next. */
  page(units: readonly JournalUnit[]): ReplayedPage {
    if (this.isOver) return { units };
    const after = this.last;
    for (const unit of units) {
      // Here the changes begin, or went on from there before: what is beyond and not gone comes later.
      if (this.last && compared(unit, this.last) <= 0) return { units, gone: this.end(after) };
      this.last = { unit: unit.unit, key: unit.key };
    }
    return { units, gone: { after, to: this.last } };
  }

  /** What is beyond the last unit; undefined where that was told. */
  rest(): ReplayedPage | undefined {
    return this.isOver ? undefined : { units: [], gone: this.end(this.last) };
  }

  private end(after: JournalCursor | undefined) {
    this.isOver = true;
    return { after, to: undefined };
  }
}

/** As the catalog orders them: texts by their bytes. */
function compared(one: JournalCursor, other: JournalCursor): number {
  const units = unitNames.indexOf(one.unit) - unitNames.indexOf(other.unit);
  if (units !== 0) return units;
  if (typeof one.key === "number" && typeof other.key === "number") return one.key - other.key;
  return Buffer.compare(Buffer.from(String(one.key)), Buffer.from(String(other.key)));
}
