import { healing } from "../api/client";
import type { Incident, List } from "../api/types";
import { Badge } from "../parts/badge";
import { Items, Load, Section } from "../parts/load";
import { Time } from "../parts/time";
import { useResource } from "../state/resource";
import { to } from "../state/route";
import { Detail } from "./incident";

/** Incidents lists them, or shows one. */
export function Incidents({ id }: { id: string }) {
  return id ? <One key={id} id={id} /> : <All />;
}

function All() {
  const open = useResource<List<Incident>>(`${healing}/incidents?state=open&limit=100`, { topics: ["incident"] });
  const closed = useResource<List<Incident>>(`${healing}/incidents?state=closed&limit=20`, { topics: ["incident"] });
  return (
    <>
      <Section title="Open">
        <Items of={open} none="No incident is open.">
          {(items) => <Rows items={items} />}
        </Items>
      </Section>
      <Section title="Resolved lately">
        <Items of={closed} none="None yet.">
          {(items) => <Rows items={items} />}
        </Items>
      </Section>
    </>
  );
}

/** Rows lists incidents. */
export function Rows({ items }: { items: Incident[] }) {
  return (
    <ul class="rows">
      {items.map((i) => (
        <li key={i.id}>
          <a href={to("incidents", i.id)} data-row={i.id}>
            {i.component}: {i.cause_text}
          </a>
          <Badge is={i.severity} />
          <Badge is={i.state} />
          <span class="muted">
            opened <Time at={i.opened} />
            {i.resolved && (
              <>
                , resolved <Time at={i.resolved} />
              </>
            )}
            {i.next_try_at && (
              <>
                , next try <Time at={i.next_try_at} />
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

function One({ id }: { id: string }) {
  const one = useResource<Incident>(`${healing}/incidents/${encodeURIComponent(id)}`, { topics: ["incident", "recovery", "approval"] });
  return (
    <>
      <p>
        <a href="#/incidents">All incidents</a>
      </p>
      <Load of={one}>{(i) => <Detail i={i} />}</Load>
    </>
  );
}
