// The orders to a component, each with the dialog that asks once more.
import { healing, request } from "../api/client";
import type { Done, Modes } from "../api/types";
import { ask } from "../parts/dialog";
import { modes } from "./orders";

const at = (name: string, what: string) => `${healing}/components/${encodeURIComponent(name)}/${what}`;
const why = { label: "Why? It is kept in the audit log (may be empty).", required: false };

async function order(name: string, what: string, text: string): Promise<string> {
  const done = await request<Done>("POST", at(name, what), text ? { reason: text } : {});
  return `${name}: ${done.text || `${what} is done`}`;
}

const Felt = ({ by }: { by: string[] }) => (by.length > 0 ? <p class="problem">This needs it: {by.join(", ")}.</p> : null);

export function start(name: string, refresh: () => void): void {
  ask({
    title: `Start ${name}?`,
    act: "Start",
    asks: why,
    run: ({ text }) => order(name, "start", text).finally(refresh),
  });
}

export function restart(name: string, callers: string[], refresh: () => void): void {
  ask({
    title: `Restart ${name}?`,
    body: () => (
      <>
        <p>It is stopped and started again; it does not serve in between.</p>
        <Felt by={callers} />
      </>
    ),
    act: "Restart",
    asks: why,
    run: ({ text }) => order(name, "restart", text).finally(refresh),
  });
}

export function stop(name: string, callers: string[], refresh: () => void): void {
  ask({
    title: `Stop ${name}?`,
    body: () => (
      <>
        <p>It stays stopped, and is not healed, until somebody starts it.</p>
        <Felt by={callers} />
      </>
    ),
    act: "Stop",
    danger: true,
    asks: why,
    run: ({ text }) => order(name, "stop", text).finally(refresh),
  });
}

const wins = " wins";

export function setOwnMode(name: string, refresh: () => void): void {
  ask({
    title: `Set the mode of ${name}`,
    body: () => <p>Of the daemon's mode and its own the stricter one holds, unless its own is to win.</p>,
    choice: {
      label: "Make it:",
      from: [
        { value: "", text: "what the settings say" },
        ...modes,
        ...modes.filter((m) => m.value === "supervised" || m.value === "automated").map((m) => ({ value: m.value + wins, text: `${m.value}, even where the daemon's is stricter` })),
      ],
    },
    act: "Set the mode",
    run: async ({ choice }) => {
      const own = choice.replace(wins, "");
      await (own ? request<Modes>("PUT", at(name, "mode"), { mode: own, wins: choice !== own }) : request<Modes>("DELETE", at(name, "mode"))).finally(refresh);
      return own ? `${name} has mode ${own} of its own` : `${name} has the mode of the settings`;
    },
  });
}
