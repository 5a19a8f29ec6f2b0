import { now } from "../state/clock";

const units: [number, Intl.RelativeTimeFormatUnit][] = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "short" });
/** full writes a time out, in the local zone. */
export const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });

/** ago says how far a time is from now, both ways. */
export function ago(at: number, from: number): string {
  const seconds = (at - from) / 1000;
  if (Math.abs(seconds) < 6) return "now"; // the clock of the page ticks every 5 s
  for (const [size, unit] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return "now";
}

/** Time shows when something was, in local words, with the exact time behind it. */
export function Time({ at, as = "ago" }: { at: string; as?: "ago" | "full" | "clock" }) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1970) return <span>–</span>;
  const iso = date.toISOString();
  const text = as === "full" ? full.format(date) : as === "clock" ? clock.format(date) : ago(date.getTime(), now.value);
  return (
    <time dateTime={iso} title={`${iso} (${full.format(date)})`}>
      {text}
    </time>
  );
}
