import { healing } from "../api/client";
import type { Component, List } from "../api/types";
import { Badge } from "../parts/badge";
import { Items, Section } from "../parts/load";
import { Time } from "../parts/time";
import { useResource } from "../state/resource";
import { to } from "../state/route";
import { One } from "./component";

/** Components lists them, or shows one. */
export function Components({ id }: { id: string }) {
  return id ? <One key={id} name={id} /> : <AllComponents />;
}

/** AllComponents is the list, which the overview shows too. */
export function AllComponents() {
  const list = useResource<List<Component>>(`${healing}/components`, { topics: ["component", "incident", "mode"] });
  return (
    <Section title="Components">
      <Items of={list} none="No component is configured. See docs/configuration.md, [[component]].">
        {(items) => (
          <ul class="rows components">
            {items.map((c) => (
              <li key={c.name}>
                <strong>
                  <a href={to("components", c.name)} data-row={c.name}>
                    {c.name}
                  </a>
                </strong>
                <Badge is={c.state} />
                <span class="probes">
                  {(c.probes ?? []).map((p) => (
                    <span key={p.name} title={`${p.text ?? ""} since ${p.since}`}>
                      {p.name} <Badge is={p.verdict} />
                    </span>
                  ))}
                </span>
                <span class="muted">
                  since <Time at={c.since} />
                  {c.pid ? `, pid ${c.pid}` : ""}, mode {c.mode}
                  {c.depends_on?.length ? `, needs ${c.depends_on.join(", ")}` : ""}
                </span>
                {c.open_incident && <a href={to("incidents", c.open_incident)}>open incident</a>}
              </li>
            ))}
          </ul>
        )}
      </Items>
    </Section>
  );
}
