import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

/** Rows beyond the visible ones that are drawn, above and below. */
const OVERSCAN = 8;

/** Draws only the rows that are seen, however many there are. Rows have one height, px. */
export function VirtualList(props: {
  label: string;
  count: number;
  rowHeight: number;
  row: (index: number, top: number) => JSX.Element;
  /** Called with the last row that is drawn. */
  onReach: (index: number) => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(600);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => (height.value = element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { count, rowHeight } = props;
  const first = Math.max(0, Math.floor(top.value / rowHeight) - OVERSCAN);
  const last = Math.min(count, Math.ceil((top.value + height.value) / rowHeight) + OVERSCAN);
  useEffect(() => props.onReach(last), [last, count]);
  const rows: JSX.Element[] = [];
  for (let index = first; index < last; index++) rows.push(props.row(index, index * rowHeight));
  return (
    <div
      ref={box}
      class="list"
      role="list"
      aria-label={props.label}
      tabIndex={0}
      onScroll={(event) => (top.value = event.currentTarget.scrollTop)}
    >
      <div class="sizer" role="presentation" style={{ height: `${count * rowHeight}px` }}>
        {rows}
      </div>
    </div>
  );
}
