// One listener for single keys. Pages offer keys while they are shown; keys do
// nothing while somebody writes, or while a dialog is open.
import { useEffect } from "preact/hooks";

export interface Key {
  keys: string;
  what: string;
  run: () => void;
}

const offered: Key[][] = [];
let pending = "";
let forgetPending: ReturnType<typeof setTimeout> | undefined;

/** useKeys offers keys such as "a" or "g i" while the component is shown. */
export function useKeys(keys: Key[]): void {
  useEffect(() => {
    offered.push(keys);
    return () => void offered.splice(offered.indexOf(keys), 1);
  });
}

/** offeredKeys lists what can be pressed now. */
export const offeredKeys = (): Key[] => offered.flat();

const writes = (e: Element | null): boolean => e !== null && /^(INPUT|TEXTAREA|SELECT)$/.test(e.tagName);

addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || e.repeat && !"jk".includes(e.key)) return;
  if (writes(document.activeElement) || document.querySelector("dialog[open]")) return;
  const pressed = pending ? `${pending} ${e.key}` : e.key;
  clearTimeout(forgetPending);
  pending = "";
  const all = offeredKeys();
  const found = all.find((k) => k.keys === pressed) ?? all.find((k) => k.keys === e.key);
  if (found) {
    e.preventDefault();
    found.run();
  } else if (all.some((k) => k.keys.startsWith(`${e.key} `))) {
    pending = e.key;
    forgetPending = setTimeout(() => (pending = ""), 1_500);
  }
});

/** step moves the focus to the next or last row of the page. */
export function step(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("main [data-row]")];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/** focusedRow is the id of the row that has the focus, or of the only one. */
export function focusedRow(): string | undefined {
  const row = document.activeElement?.closest<HTMLElement>("[data-row]");
  if (row) return row.dataset["row"];
  const rows = document.querySelectorAll<HTMLElement>("main [data-row]");
  return rows.length === 1 ? rows[0]?.dataset["row"] : undefined;
}
