// Opening and closing a link, each with the dialog that asks once more.
import { healing, request } from "../api/client";
import type { Done, Link } from "../api/types";
import { ask } from "../parts/dialog";

const why = { label: "Why? It is kept in the audit log (may be empty).", required: false };

async function order(l: Link, what: "open" | "close", { text, choice }: { text: string; choice: string }): Promise<string> {
  const path = `${healing}/links/${encodeURIComponent(l.from)}/${encodeURIComponent(l.to)}/${what}`;
  const done = await request<Done>("POST", path, { ...(text && { reason: text }), ...(choice && { trials: true }) });
  return `${l.from} → ${l.to}: ${done.text || `${what} is done`}`;
}

const trials = (l: Link, text: string) => (l.control === "proxy" ? [{ value: "trials", text }] : []);

export function openLink(l: Link, refresh: () => void): void {
  ask({
    title: `Cut ${l.to} off from ${l.from}?`,
    body: () => <p>While the link is open, {l.from} is refused at once whenever it calls {l.to}.</p>,
    choice: { label: "Until", from: [{ value: "", text: "a person closes it" }, ...trials(l, "trials go well, which begin by themselves")] },
    asks: why,
    act: "Open the link",
    danger: true,
    run: (answer) => order(l, "open", answer).finally(refresh),
  });
}

export function closeLink(l: Link, refresh: () => void): void {
  ask({
    title: `Join ${l.from} and ${l.to} again?`,
    choice: { label: "How", from: [{ value: "", text: "at once" }, ...trials(l, "by trials: one request at a time until they go well")] },
    asks: why,
    act: "Close the link",
    run: (answer) => order(l, "close", answer).finally(refresh),
  });
}
