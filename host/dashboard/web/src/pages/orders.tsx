// The orders of the page Safety, each with the dialog that asks once more.
import { changes, healing, request } from "../api/client";
import type { Done, Maintenance, Mode } from "../api/types";
import { ask } from "../parts/dialog";

/** modes are what there is to choose from. */
export const modes: { value: Mode; text: string }[] = [
  { value: "manual", text: "manual: a person allows everything" },
  { value: "supervised", text: "supervised: low and medium unasked, the rest is asked for" },
  { value: "automated", text: "automated: everything that can be undone is done unasked" },
  { value: "learning", text: "learning: decide and record, do nothing" },
];

export function setMode(present: Mode, refresh: () => void): void {
  ask({
    title: "Change the mode of the daemon",
    choice: { label: `It is ${present} now. Make it:`, from: [...modes].sort((a, b) => Number(b.value === present) - Number(a.value === present)) },
    act: "Set the mode",
    run: async ({ choice }) => {
      await request("PUT", `${healing}/mode`, { mode: choice }).finally(refresh);
      return `The mode is ${choice}`;
    },
  });
}

export function startMaintenance(components: string[], refresh: () => void): void {
  ask({
    title: "Start a maintenance window",
    body: () => <p>Nothing is healed in it. It ends by itself; write its length first, for example “30m deploy of the shop”.</p>,
    choice: { label: "For", from: [{ value: "", text: "the whole host" }, ...components.map((c) => ({ value: c, text: c }))] },
    asks: { label: "Length and reason", required: true, initial: "30m " },
    act: "Start",
    run: async ({ text, choice }) => {
      const [span = "", ...reason] = text.split(/\s+/);
      await request<Maintenance>("POST", `${healing}/maintenance`, { ...(choice && { component: choice }), for: span, ...(reason.length > 0 && { reason: reason.join(" ") }) }).finally(refresh);
      return `Maintenance of ${choice || "the whole host"} for ${span}`;
    },
  });
}

export function endMaintenance(m: Maintenance, refresh: () => void): void {
  ask({
    title: "End this maintenance window?",
    body: () => <p>{m.component || "The whole host"} is healed again from now on.</p>,
    act: "End it",
    run: async () => {
      await request<Done>("DELETE", `${healing}/maintenance/${encodeURIComponent(m.id)}`).finally(refresh);
      return "The maintenance window is over";
    },
  });
}

export function resetBreaker(state: string, refresh: () => void): void {
  ask({
    title: "Reset the breaker of changes?",
    body: () => <p>It is {state.replace("_", " ")}. A reset lets changes pass at once, whatever made it open. Look at the last failed changes first.</p>,
    act: "Reset the breaker",
    danger: true,
    run: async () => {
      await request("POST", `${changes}/safety/circuit-breaker/reset`).finally(refresh);
      return "The breaker is closed";
    },
  });
}

export function switchGates(enabled: boolean, refresh: () => void): void {
  if (!enabled) {
    ask({
      title: "Let the gates refuse again?",
      act: "Let them refuse",
      run: async () => {
        await request("POST", `${changes}/safety/enable`).finally(refresh);
        return "The gates refuse again";
      },
    });
    return;
  }
  ask({
    title: "Let the gates only warn?",
    body: () => <p>For 15 minutes changes pass that would be refused. They are still backed up, checked and watched.</p>,
    act: "Only warn",
    danger: true,
    asks: { label: "Why?", required: true },
    run: async ({ text }) => {
      await request("POST", `${changes}/safety/disable`, { reason: text }).finally(refresh);
      return "The gates only warn, for 15 minutes";
    },
  });
}
