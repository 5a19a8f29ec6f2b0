// What there is around one component: trouble, links, remedies, changes, signals.
import { changes, healing } from "../api/client";
import type { Change, Incident, Link, List, Recovery, Scoreboard, Signal } from "../api/types";
import { Badge } from "../parts/badge";
import { figure } from "../parts/figure";
import { Items, Load, Section } from "../parts/load";
import { Time } from "../parts/time";
import { useResource } from "../state/resource";
import { to } from "../state/route";
import { Rows } from "./incidents";
import { LinkRow } from "./links";
import { Board } from "./strategies";

interface Of {
  name: string;
}

const few = 10;
const narrowed = (path: string, { name }: Of): string => `${path}?component=${encodeURIComponent(name)}&limit=${few}`;

/** Incidents are the newest of a component. */
export function Incidents({ name }: Of) {
  const list = useResource<List<Incident>>(narrowed(`${healing}/incidents`, { name }), { topics: ["incident"] });
  return (
    <Section title="Incidents">
      <Items of={list} none="None is known.">
        {(items) => <Rows items={items} />}
      </Items>
    </Section>
  );
}

/** Links are those from and to a component. */
export function Links({ name }: Of) {
  const list = useResource<List<Link>>(`${healing}/links`, { topics: ["link"], every: 5_000 });
  const own = (items: Link[]) => items.filter((l) => l.from === name || l.to === name);
  return (
    <Section title="Links">
      <Load of={list}>
        {({ items }) =>
          own(items).length === 0 ? (
            <p class="muted">None is declared. See docs/links.md.</p>
          ) : (
            <ul class="rows">
              {own(items).map((l) => (
                <LinkRow key={`${l.from}/${l.to}`} l={l} />
              ))}
            </ul>
          )
        }
      </Load>
    </Section>
  );
}

/** Recoveries are the newest attempts to heal a component. */
export function Recoveries({ name }: Of) {
  const list = useResource<List<Recovery>>(narrowed(`${healing}/recoveries`, { name }), { topics: ["recovery"] });
  return (
    <Section title="Recent recoveries">
      <Items of={list} none="None is known.">
        {(items) => (
          <ul class="rows">
            {items.map((r) => (
              <li key={r.id}>
                <a href={to("incidents", r.incident)} data-row={r.id}>
                  {(r.actions ?? []).join(", ") || "nothing"}
                </a>
                <Badge is={r.result} />
                <span class="muted">
                  by {r.strategy}, <Time at={r.started_at ?? r.proposed_at} />. {r.text}
                </span>
              </li>
            ))}
          </ul>
        )}
      </Items>
    </Section>
  );
}

/** Changes are the newest of the roots that a component owns. */
export function Changes({ name }: Of) {
  const list = useResource<List<Change>>(narrowed(`${changes}/changes`, { name }), { topics: ["change"] });
  return (
    <Section title="Recent changes">
      <Items of={list} none="None is known.">
        {(items) => (
          <ul class="rows">
            {items.map((c) => (
              <li key={c.id}>
                <a href={to("changes", c.id)} data-row={c.id}>
                  {c.reason || c.id}
                </a>
                <Badge is={c.state} />
                <span class="muted">
                  root {c.root}, by {c.author || c.by}, <Time at={c.created} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </Items>
    </Section>
  );
}

/** Scores are how the strategies have done with a component. */
export function Scores({ name }: Of) {
  const scores = useResource<Scoreboard>(`${healing}/strategies/scoreboard`, { topics: ["recovery"] });
  return (
    <Section title="How strategies did here">
      <Load of={scores}>{(board) => <Board board={{ ...board, items: board.items.filter((s) => s.component === name) }} refresh={() => void scores.refresh()} />}</Load>
    </Section>
  );
}

/** Signals are the newest values of a component, each with its plot. */
export function Signals({ name }: Of) {
  const list = useResource<List<Signal>>(`${healing}/signals?component=${encodeURIComponent(name)}`, { every: 5_000 });
  return (
    <Section title="Signals">
      <Items of={list} none="No signal was sampled yet.">
        {(items) => (
          <ul class="rows tiles">
            {items.map((s) => (
              <li key={s.name}>
                <a href={to("signals", `${name}/${s.name}`)} data-row={s.name}>
                  {s.name}
                </a>
                <span class="end">{figure(s.last, s.unit)}</span>
              </li>
            ))}
          </ul>
        )}
      </Items>
    </Section>
  );
}
