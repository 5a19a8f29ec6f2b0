import { changes, healing } from "../api/client";
import type { Component, List, Maintenance, Modes, Safety as Gates } from "../api/types";
import { Badge } from "../parts/badge";
import { Items, Load, Pair, Section } from "../parts/load";
import { Time } from "../parts/time";
import { useResource } from "../state/resource";
import { may } from "../state/session";
import { endMaintenance, resetBreaker, setMode, startMaintenance, switchGates } from "./orders";

/** Safety shows what stands before a change and before a remedy, and lets it be moved. */
export function Safety() {
  return (
    <>
      <Mode />
      <Windows />
      <Breaker />
    </>
  );
}

function Mode() {
  const modes = useResource<Modes>(`${healing}/mode`, { topics: ["mode"] });
  const refresh = () => void modes.refresh();
  return (
    <Section title="Mode">
      <Load of={modes}>
        {(m) => (
          <>
            <p class="line">
              <strong>{m.mode}</strong>
              {may("operator") && (
                <button type="button" onClick={() => setMode(m.mode, refresh)}>
                  Change the mode
                </button>
              )}
            </p>
            <ul class="rows">
              {m.components.map((c) => (
                <li key={c.component}>
                  {c.component}: {c.mode}{" "}
                  <span class="muted">
                    its own is {c.own}
                    {c.wins && ", which wins"}
                    {c.live && ", set live"}
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
      </Load>
    </Section>
  );
}

function Windows() {
  const list = useResource<List<Maintenance>>(`${healing}/maintenance`, { topics: ["maintenance"] });
  const components = useResource<List<Component>>(`${healing}/components`);
  const refresh = () => void list.refresh();
  const names = components.data.value?.items.map((c) => c.name) ?? [];
  return (
    <Section
      title="Maintenance"
      side={
        may("operator") && (
          <button type="button" onClick={() => startMaintenance(names, refresh)}>
            Start a window
          </button>
        )
      }
    >
      <Items of={list} none="No window is open: everything is healed as the mode says.">
        {(items) => (
          <ul class="rows">
            {items.map((m) => (
              <li key={m.id}>
                <strong>{m.component || "the whole host"}</strong>
                <span>
                  ends <Time at={m.end} /> (<Time at={m.end} as="clock" />)
                </span>
                <span class="muted">
                  by {m.by} {m.reason}
                </span>
                {may("operator") && (
                  <span class="end">
                    <button type="button" class="small" onClick={() => endMaintenance(m, refresh)}>
                      End it
                    </button>
                  </span>
                )}
              </li>
            ))}
          </ul>
        )}
      </Items>
    </Section>
  );
}

function Breaker() {
  const gates = useResource<Gates>(`${changes}/safety/enhanced-status`, { topics: ["change", "incident"], every: 10_000 });
  const refresh = () => void gates.refresh();
  return (
    <Load of={gates}>
      {(g) => {
        const m = g.circuit_breaker.metrics;
        const state = g.circuit_breaker.state;
        return (
          <>
            <Section title="Gates of changes">
              <dl class="card">
                <Pair name="Breaker">
                  <Badge is={state} tone={state === "closed" ? "ok" : state === "open" ? "bad" : "warn"} /> {m.consecutive_failures} failures in a row, {m.total_successes} of {m.total_attempts} succeeded
                </Pair>
                <Pair name="Rate">
                  {g.rate_limit.current_count} of {g.rate_limit.max_per_window} in the window
                </Pair>
                <Pair name="Gates">
                  {g.enabled ? (
                    <Badge is="on" text="refuse" />
                  ) : (
                    <>
                      <Badge is="off" text="only warn" /> {g.off && <>by {g.off.by}, until <Time at={g.off.until} as="clock" />. {g.off.reason}</>}
                    </>
                  )}
                </Pair>
                <Pair name="Remembered">{g.rejected_changes} rejected changes</Pair>
                <Pair name="Backups">{g.backup_count}</Pair>
              </dl>
              {may("admin") && (
                <div class="buttons">
                  <button type="button" onClick={() => resetBreaker(state, refresh)}>
                    Reset the breaker
                  </button>
                  <button type="button" onClick={() => switchGates(g.enabled, refresh)}>
                    {g.enabled ? "Let the gates only warn" : "Let the gates refuse again"}
                  </button>
                </div>
              )}
            </Section>
            <Section title={`Health of the host: ${Math.round(g.health.score)}`}>
              <ul class="rows">
                {Object.entries(g.health.checks).map(([name, c]) => (
                  <li key={name}>
                    <Badge is={c.verdict} /> <span class="wrap">{c.reason ?? name}</span>
                  </li>
                ))}
              </ul>
            </Section>
          </>
        );
      }}
    </Load>
  );
}
