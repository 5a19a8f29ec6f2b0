import type { ComponentChildren } from "preact";
import { healing } from "../api/client";
import type { Component, Exit, Happening, List, Modes } from "../api/types";
import { Badge, count, words } from "../parts/badge";
import { Items, Load, Pair, Section } from "../parts/load";
import { Time } from "../parts/time";
import { type Resource, useResource } from "../state/resource";
import { to } from "../state/route";
import { may } from "../state/session";
import { trailOf } from "./audit";
import { Changes, Incidents, Links, Recoveries, Scores, Signals } from "./around";
import { restart, setOwnMode, start, stop } from "./running";

/** One shows all that is known of a component, and lets operators order it. */
export function One({ name }: { name: string }) {
  const at = `${healing}/components/${encodeURIComponent(name)}`;
  const one = useResource<Component>(at, { topics: ["component", "incident", "mode", "recovery"], every: 5_000 });
  const list = useResource<List<Component>>(`${healing}/components`, { topics: ["component"] });
  const callers = (list.data.value?.items ?? []).filter((c) => c.depends_on?.includes(name)).map((c) => c.name);
  return (
    <>
      <p>
        <a href="#/components">All components</a>
      </p>
      <Load of={one}>
        {(c) => (
          <>
            <Section title={name}>
              <Facts c={c} callers={callers} />
              <Orders c={c} callers={callers} of={one} />
            </Section>
            <Probes c={c} />
          </>
        )}
      </Load>
      {one.data.value && (
        <>
          <Incidents name={name} />
          <Links name={name} />
          <Recoveries name={name} />
          <Changes name={name} />
          <Scores name={name} />
          <Signals name={name} />
          <History name={name} at={at} />
        </>
      )}
    </>
  );
}

const Names = ({ of }: { of: string[] }) => (
  <>
    {of.map((name, n) => (
      <>
        {n > 0 && ", "}
        <a href={to("components", name)}>{name}</a>
      </>
    ))}
  </>
);

function Facts({ c, callers }: { c: Component; callers: string[] }) {
  return (
    <dl class="card">
      <Pair name="State">
        <Badge is={c.state} /> since <Time at={c.since} as="full" />
        {c.open_incident && (
          <>
            , <a href={to("incidents", c.open_incident)}>open incident</a>
          </>
        )}
        {c.next_try_at && (
          <>
            , next try <Time at={c.next_try_at} />
          </>
        )}
      </Pair>
      <Pair name="Process">
        {c.kind}
        {c.pid ? `, pid ${c.pid}` : ", no process"}, started {count(c.generation, "time")}
      </Pair>
      {c.last_exit && <Pair name="Last exit">{exited(c.last_exit)}</Pair>}
      <Pair name="Restarts">
        {count(c.restart_orders, "restart")} by the host in all
        {c.starts?.length ? `, ${c.starts.length} of them in its restart window` : ""}
      </Pair>
      {c.depends_on?.length ? (
        <Pair name="Needs">
          <Names of={c.depends_on} />
        </Pair>
      ) : null}
      {callers.length > 0 && (
        <Pair name="Needed by">
          <Names of={callers} />
        </Pair>
      )}
      <Mode name={c.name} inForce={c.mode} />
    </dl>
  );
}

const exited = (e: Exit): string => `${e.signal ? `ended by ${e.signal}` : e.code < 0 ? "with a code that is not known" : `with code ${e.code}`}${e.expected ? ", as it was told to" : ""}`;

function Mode({ name, inForce }: { name: string; inForce: string }) {
  const modes = useResource<Modes>(`${healing}/mode`, { topics: ["mode"] });
  const own = modes.data.value?.components.find((m) => m.component === name);
  return (
    <Pair name="Mode">
      <strong>{inForce}</strong>{" "}
      <span class="muted">{own ? `its own is ${own.own}${own.wins ? ", which wins" : ""}${own.live ? ", set live" : ", by the settings"}` : "the daemon's; it has none of its own"}</span>
    </Pair>
  );
}

function Orders({ c, callers, of }: { c: Component; callers: string[]; of: Resource<Component> }) {
  if (!may("operator")) return null;
  const refresh = () => void of.refresh();
  const halted = c.state === "stopped" || c.state === "down";
  const button = (text: string, run: () => void): ComponentChildren => (
    <button key={text} type="button" onClick={run}>
      {text}
    </button>
  );
  return (
    <div class="buttons">
      {halted && button("Start", () => start(c.name, refresh))}
      {!halted && button("Restart", () => restart(c.name, callers, refresh))}
      {c.state !== "stopped" && button("Stop", () => stop(c.name, callers, refresh))}
      {button("Set its mode", () => setOwnMode(c.name, refresh))}
    </div>
  );
}

function Probes({ c }: { c: Component }) {
  return (
    <Section title="Probes">
      {(c.probes ?? []).length === 0 && <p class="muted">None is declared: it is up while its process runs.</p>}
      <ul class="rows">
        {(c.probes ?? []).map((p) => (
          <li key={p.name}>
            <strong>{p.name}</strong> <Badge is={p.verdict} />
            <span class="wrap">{p.text}</span>
            <span class="muted">
              {(p.latency_ns / 1e6).toFixed(1)} ms, so since <Time at={p.since} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

const tones = { started: "idle", ready: "ok", exited: "bad", could_not_stop: "bad", stopped: "idle" } as const;

function History({ name, at }: { name: string; at: string }) {
  const events = useResource<List<Happening>>(`${at}/events?limit=50`, { topics: ["component"], every: 5_000 });
  return (
    <Section title="What happened to it" side={<a href={to("audit", trailOf({ about: name }))}>who ordered what</a>}>
      <Items of={events} none="Nothing that is still kept.">
        {(items) => (
          <ol class="log">
            {items.map((e) => (
              <li>
                <Time at={e.time} as="full" /> <Badge is={e.type} tone={tones[e.type as keyof typeof tones] ?? "idle"} /> <span class="wrap">{told(e)}</span>
              </li>
            ))}
          </ol>
        )}
      </Items>
    </Section>
  );
}

function told(e: Happening): string {
  const what = e.probe ? `${e.probe.name} ${words(e.probe.verdict)}: ${e.probe.text ?? ""}` : e.text || (e.exit && exited(e.exit));
  return [what, e.pid && !e.probe && `pid ${e.pid}`].filter(Boolean).join(", ");
}
