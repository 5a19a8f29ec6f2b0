const steps: [number, string][] = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

/** figure writes a value with its unit, short enough for a row. */
export function figure(value: number, unit: string): string {
  if (!Number.isFinite(value)) return "–";
  if (value !== 0 && Math.abs(value) < 1e-4) return `${value.toExponential(1)} ${unit}`.trim();
  const [size, prefix] = steps.find(([s]) => Math.abs(value) >= s * 10) ?? [1, ""];
  const scaled = value / size;
  const digits = Math.abs(scaled) >= 100 || Number.isInteger(scaled) ? 0 : Math.abs(scaled) >= 1 ? 2 : 4;
  return `${scaled.toFixed(digits)} ${prefix}${unit === "percent" ? "%" : unit}`.trim();
}
