import { useSignal } from "@preact/signals";
import { clock } from "../lib/format.js";
import { t } from "../texts.js";

export interface Line {
  readonly name: string;
  readonly colour: string;
  /** One value for each time; undefined where there is none. */
  readonly values: readonly (number | undefined)[];
  /** Stacked upon the line before. */
  readonly stacked?: boolean;
}

const [WIDTH, HEIGHT, FOOT] = [600, 140, 18];

/** Lines over time, the newest at the right. What is pointed at is told below. */
export function Chart(props: {
  title: string;
  times: readonly number[];
  lines: readonly Line[];
  format: (value: number) => string;
  /** The axis's end is at least this. */
  least?: number;
}) {
  const { title, times, lines, format, least = 1 } = props;
  const pointed = useSignal<number | undefined>(undefined);
  const at = pointed.value !== undefined && pointed.value < times.length ? pointed.value : times.length - 1;
  const stacked = stack(lines);
  const most = nice(Math.max(least, ...stacked.flatMap(({ top }) => top.map((value) => value ?? 0))));
  const [first = 0, last = 1] = [times[0], times.at(-1)];
  const x = (index: number) => (((times[index] ?? 0) - first) / Math.max(1, last - first)) * WIDTH;
  const y = (value: number) => (HEIGHT - FOOT) * (1 - value / most) + 4;
  const point = (event: PointerEvent & { currentTarget: SVGSVGElement }) => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    const wanted = first + share * (last - first);
    const index = times.findIndex((time) => time >= wanted);
    pointed.value = index < 0 ? undefined : index;
  };
  const now = lines.map(
    ({ name, values }) => `${name}: ${values.at(-1) === undefined ? "\u2013" : format(values.at(-1) ?? 0)}`,
  );
  return (
    <figure class="card" style={{ margin: 0 }}>
      <figcaption class="row">
        <h2>{title}</h2>
        <span style={{ flex: 1 }} />
        <span class="small muted nowrap">{times[at] === undefined ? "" : clock(new Date(times[at] ?? 0))}</span>
      </figcaption>
      <svg
        class="chart"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}. ${now.join("; ")}`}
        onPointerMove={point}
        onPointerLeave={() => (pointed.value = undefined)}
      >
        {[0.5, 1].map((share) => (
          <line
            key={share}
            x1="0"
            x2={WIDTH}
            y1={y(most * share)}
            y2={y(most * share)}
            stroke="var(--line)"
            vector-effect="non-scaling-stroke"
          />
        ))}
        <line x1="0" x2={WIDTH} y1={y(0)} y2={y(0)} stroke="var(--line)" vector-effect="non-scaling-stroke" />
        {stacked.map(({ line, top, bottom }) => (
          <g key={line.name}>
            {line.stacked === true && <path d={area(top, bottom, x, y)} fill={line.colour} opacity="0.75" />}
            {line.stacked !== true && (
              <path
                d={stroke(top, x, y)}
                fill="none"
                stroke={line.colour}
                stroke-width="2"
                vector-effect="non-scaling-stroke"
                stroke-linejoin="round"
              />
            )}
          </g>
        ))}
        {pointed.value !== undefined && (
          <line
            x1={x(at)}
            x2={x(at)}
            y1="0"
            y2={HEIGHT - FOOT + 4}
            stroke="var(--muted)"
            vector-effect="non-scaling-stroke"
          />
        )}
      </svg>
      <div class="legend">
        {lines.map(({ name, colour, values }) => (
          <span key={name}>
            <i class="dot" style={{ background: colour }} />
            {name}{" "}
            <strong style={{ color: "var(--text)" }}>
              {values[at] === undefined ? "\u2013" : format(values[at] ?? 0)}
            </strong>
          </span>
        ))}
        {lines.length === 0 && <span>{t.nothingHappens}</span>}
        <span style={{ marginLeft: "auto" }}>{t.axisTo(format(most))}</span>
      </div>
    </figure>
  );
}

type Row = readonly (number | undefined)[];

function stack(lines: readonly Line[]): { line: Line; top: Row; bottom: Row }[] {
  let below: Row = [];
  return lines.map((line) => {
    if (line.stacked !== true) return { line, top: line.values, bottom: [] };
    const bottom = below;
    const top = line.values.map((value, index) => (value ?? 0) + (bottom[index] ?? 0));
    below = top;
    return { line, top, bottom };
  });
}

function stroke(row: Row, x: (index: number) => number, y: (value: number) => number): string {
  let pen = "M";
  return row
    .map((value, index) => {
      if (value === undefined) {
        pen = "M";
        return "";
      }
      const step = `${pen}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = "L";
      return step;
    })
    .join("");
}

function area(top: Row, bottom: Row, x: (index: number) => number, y: (value: number) => number): string {
  if (top.length === 0) return "";
  const up = top.map((value, index) => `${x(index).toFixed(1)} ${y(value ?? 0).toFixed(1)}`);
  const down = top.map((_, index) => `${x(index).toFixed(1)} ${y(bottom[index] ?? 0).toFixed(1)}`).reverse();
  return `M${up.join("L")}L${down.join("L")}Z`;
}

/** The next round number. */
function nice(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}
