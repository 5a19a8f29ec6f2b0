// What was told to the reader in passing: shown for a while, and read aloud.
import { signal } from "@preact/signals";

export interface Said {
  id: number;
  text: string;
  tone: "ok" | "bad" | "info";
}

export const said = signal<Said[]>([]);

const shown = 8_000;
const most = 4;
let last = 0;

export function say(text: string, tone: Said["tone"] = "info"): void {
  const id = ++last;
  said.value = [...said.value.filter((s) => s.text !== text), { id, text, tone }].slice(-most);
  setTimeout(() => (said.value = said.value.filter((s) => s.id !== id)), shown);
}
