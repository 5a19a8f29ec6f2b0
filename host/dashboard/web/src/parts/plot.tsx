// A plot for the eyes, with a cursor for the keyboard and a table for everybody.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type UPlot from "uplot";
import { figure } from "./figure";
import { full } from "./time";

interface Props {
  title: string;
  unit: string;
  times: number[];
  values: number[];
}

const height = 260;
const most = 200; // rows of the table

/** Plot draws samples; times are Unix milliseconds. */
export function Plot({ title, unit, times, values }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const seconds = useMemo(() => times.map((t) => t / 1000), [times]);
  useEffect(() => {
    let gone = false;
    void draw(place.current!, unit, [seconds, values]).then((made) => {
      if (gone) made.destroy();
      else plot.current = made;
    });
    const follow = new ResizeObserver(([entry]) => plot.current?.setSize({ width: entry!.contentRect.width, height }));
    follow.observe(place.current!);
    return () => {
      gone = true;
      follow.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => plot.current?.setData([seconds, values]), [seconds, values]);
  const move = (e: KeyboardEvent) => {
    const last = values.length - 1;
    const from = at ?? last;
    const far = Math.max(1, Math.round(values.length / 20));
    const next = { ArrowLeft: from - 1, ArrowRight: from + 1, PageUp: from - far, PageDown: from + far, Home: 0, End: last }[e.key];
    if (next === undefined) return;
    e.preventDefault();
    const index = Math.min(last, Math.max(0, next));
    setAt(index);
    const u = plot.current;
    u?.setCursor({ left: u.valToPos(seconds[index]!, "x"), top: u.valToPos(values[index]!, "y") });
  };
  const shown = Math.min(at ?? values.length - 1, values.length - 1);
  const time = new Date(times[shown]!);
  return (
    <div class="plot">
      <div
        ref={place}
        role="slider"
        tabIndex={0}
        aria-label={`${title}: arrow keys move through the samples`}
        aria-valuemin={0}
        aria-valuemax={values.length - 1}
        aria-valuenow={shown}
        aria-valuetext={`${figure(values[shown]!, unit)} at ${full.format(time)}`}
        onKeyDown={move}
      />
      <p class="line">
        <strong>{figure(values[shown]!, unit)}</strong>
        <time dateTime={time.toISOString()} title={time.toISOString()} class="muted">
          {full.format(time)}
        </time>
        <span class="muted">
          least {figure(least(values), unit)}, most {figure(-least(values.map((v) => -v)), unit)}, {values.length} samples
        </span>
      </p>
      <Table unit={unit} times={times} values={values} />
    </div>
  );
}

const least = (values: number[]): number => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);

function Table({ unit, times, values }: Omit<Props, "title">) {
  const [open, setOpen] = useState(false);
  const first = Math.max(0, values.length - most);
  return (
    <details onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>As a table{first > 0 && `, the newest ${most}`}</summary>
      {open && (
        <table>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col" class="number">
                Value
              </th>
            </tr>
          </thead>
          <tbody>
            {values.slice(first).map((v, n) => {
              const time = new Date(times[first + n]!);
              return (
                <tr>
                  <td title={time.toISOString()}>{full.format(time)}</td>
                  <td class="number">{figure(v, unit)}</td>
                </tr>
              );
            }).reverse()}
          </tbody>
        </table>
      )}
    </details>
  );
}

/** draw loads the library when a plot is first wanted. */
async function draw(place: HTMLElement, unit: string, data: UPlot.AlignedData): Promise<UPlot> {
  const [{ default: Library }] = await Promise.all([import("uplot"), import("uplot/dist/uPlot.min.css")]);
  const color = (name: string) => () => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axis = { stroke: color("--muted"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line"), width: 1 } };
  return new Library(
    {
      width: place.clientWidth,
      height,
      legend: { show: false },
      cursor: { drag: { x: true, y: false } },
      series: [{}, { label: unit || "value", stroke: color("--accent"), width: 1.5, points: { show: false } }],
      axes: [axis, { ...axis, size: 70, values: (_, ticks) => ticks.map((t) => figure(t, unit)) }],
    },
    data,
    place,
  );
}
