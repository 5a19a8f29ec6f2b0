// What time it is, so that "3 min ago" stays true.
import { signal } from "@preact/signals";

export const now = signal(Date.now());

setInterval(() => (now.value = Date.now()), 5_000);
