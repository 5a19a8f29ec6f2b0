export type Tone = "ok" | "warn" | "bad" | "idle";

const tones: Record<string, Tone> = {
  up: "ok", pass: "ok", healthy: "ok", ready: "ok", closed: "ok", kept: "ok", resolved: "ok", healed: "ok", approved: "ok", live: "ok", on: "ok",
  rolled_back: "warn", starting: "warn", stopping: "warn", failing: "warn", inconclusive: "warn", warned: "warn", degraded: "warn", half_open: "warn", watching: "warn", open: "warn",
  waiting_approval: "warn", pending: "warn", medium: "warn", recovering: "warn", holding: "warn", running: "warn", handed_over: "bad",
  down: "bad", fail: "bad", failed: "bad", unhealthy: "bad", critical: "bad", high: "bad", stuck: "bad", could_not_stop: "bad", quarantined: "bad", lost: "bad", off: "bad",
};

/** words turns a name of the API into words. */
export const words = (name: string): string => name.replaceAll("_", " ");

/** count writes a number with its word. */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** Badge shows a state in words, and its tone by colour and sign. */
export function Badge({ is, tone, text }: { is: string; tone?: Tone; text?: string }) {
  return <span class={`badge ${tone ?? tones[is] ?? "idle"}`}>{text ?? words(is)}</span>;
}
