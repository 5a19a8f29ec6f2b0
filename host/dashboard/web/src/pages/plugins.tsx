import { healing } from "../api/client";
import type { List, Plugin } from "../api/types";
import { Badge, count } from "../parts/badge";
import { Items } from "../parts/load";
import { Time } from "../parts/time";
import { useResource } from "../state/resource";

/** Plugins lists detectors and strategies with the health of their processes. */
export function Plugins() {
  const list = useResource<List<Plugin>>(`${healing}/plugins`, { topics: ["plugin"], every: 15_000 });
  return (
    <section aria-label="Plugins">
      <Items of={list} none="No plugin is configured: nothing is detected and nothing can be proposed.">
        {(items) => (
          <ul class="rows">
            {items.map((p) => (
              <li key={p.name} data-row={p.name} tabIndex={0} aria-label={`${p.kind} ${p.name}`}>
                <strong>{p.name}</strong> <span class="muted">{p.kind}</span>
                <Badge is={p.state} />
                <span class="muted">
                  version {p.version || "–"}
                  {p.pid ? `, pid ${p.pid}` : ""}, since <Time at={p.since} />
                  {p.restarts ? `, ${count(p.restarts, "restart")}` : ""}
                  {p.learning?.length ? `, still learns ${p.learning.join(", ")}` : ""}
                </span>
                {p.last_error && <span class="wrap">{p.last_error}</span>}
              </li>
            ))}
          </ul>
        )}
      </Items>
    </section>
  );
}
