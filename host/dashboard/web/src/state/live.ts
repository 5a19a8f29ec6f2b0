// The one stream of events: whether it stands, and who wants to hear of what.
import { effect, signal } from "@preact/signals";
import { healing } from "../api/client";
import { type News, readEvents, StreamRefused } from "../api/stream";
import { look, signedIn } from "./session";

export type Link = { state: "connecting" | "live" | "lost"; since: number };

export const link = signal<Link>({ state: "connecting", since: Date.now() });

type Ear = (n: News | null) => void;
const ears = new Set<Ear>();

/** hear calls back for each event, and with null when everything may have changed. */
export function hear(ear: Ear): () => void {
  ears.add(ear);
  return () => ears.delete(ear);
}

const tell = (n: News | null) => ears.forEach((ear) => ear(n));

function become(state: Link["state"]): void {
  if (link.value.state !== state) link.value = { state, since: Date.now() };
}

const longest = 15_000;
let wake: () => void = () => {};

/** retry does not wait any longer before it connects again. */
export const retry = (): void => wake();

async function keep(stop: AbortSignal): Promise<void> {
  for (let failed = 0; !stop.aborted; ) {
    try {
      await readEvents(`${healing}/events`, stop, {
        open: () => {
          failed = 0;
          become("live");
          tell(null);
        },
        news: (n) => tell(n.topic === "reset" ? null : n),
      });
    } catch (e) {
      if (stop.aborted) return;
      if (e instanceof StreamRefused && e.status === 401) await look();
    }
    if (stop.aborted) return;
    become("lost");
    const pause = Math.min(longest, 500 * 2 ** failed++) * (0.75 + Math.random() / 2);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pause);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
      stop.addEventListener("abort", wake, { once: true });
    });
  }
}

// A browser has six connections for a host, and each tab's stream holds one: a
// tab that nobody looks at gives it back after a while.
const looked = signal(!document.hidden);
const patience = 30_000;
let soon: ReturnType<typeof setTimeout> | undefined;

addEventListener("visibilitychange", () => {
  clearTimeout(soon);
  if (document.hidden) soon = setTimeout(() => (looked.value = false), patience);
  else looked.value = true;
}, true);

effect(() => {
  if (!signedIn.value || !looked.value) return;
  const end = new AbortController();
  link.value = { state: "connecting", since: Date.now() };
  void keep(end.signal);
  return () => end.abort();
});

addEventListener("online", retry);
