// Tells the reader of what needs a person, on whatever page they are.
import type { Approval, Incident } from "../api/types";
import { hear } from "./live";
import { say } from "./said";

const told = new Set<string>();
const most = 500;

function once(id: string, text: string, tone: "bad" | "ok" | "info"): void {
  if (told.has(id)) return;
  if (told.size >= most) told.clear();
  told.add(id);
  say(text, tone);
}

function parse<T>(data: string): Partial<T> {
  try {
    return JSON.parse(data) as Partial<T>;
  } catch {
    return {};
  }
}

/** announce listens for approvals that wait, and incidents that open and end. */
export function announce(): void {
  hear((n) => {
    if (n?.topic === "approval") {
      const a = parse<Approval>(n.data);
      if (a.state === "pending") once(`${a.id} pending`, `Approval needed: ${a.component}: ${a.reason}`, "bad");
      if (a.state === "expired" || a.state === "superseded") once(`${a.id} ${a.state}`, `The approval for ${a.component} is ${a.state}`, "info");
    }
    if (n?.topic === "incident") {
      const i = parse<Incident>(n.data);
      if (i.state === "resolved") once(`${i.id} resolved`, `Resolved: ${i.component}: ${i.cause_text}`, "ok");
      else if (i.state) once(`${i.id} open`, `Incident: ${i.cause_text}`, "bad");
    }
  });
}
