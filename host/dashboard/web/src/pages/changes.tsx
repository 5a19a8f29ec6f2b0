import { changes } from "../api/client";
import type { Change, List } from "../api/types";
import { Badge } from "../parts/badge";
import { Items, Load } from "../parts/load";
import { Time } from "../parts/time";
import { useResource } from "../state/resource";
import { to } from "../state/route";
import { ChangeDetail } from "./change";

const path = `${changes}/changes`;

/** Changes lists changes of files, or shows one. */
export function Changes({ id }: { id: string }) {
  return id ? <One key={id} id={id} /> : <All />;
}

function All() {
  const list = useResource<List<Change>>(`${path}?limit=100`, { topics: ["change"] });
  return (
    <section aria-label="All changes">
      <Items of={list} none="No change was submitted yet. See: homeostat change submit --help">
        {(items) => (
          <ul class="rows">
            {items.map((c) => (
              <li key={c.id}>
                <a href={to("changes", c.id)} data-row={c.id}>
                  {c.root}: {(c.paths ?? []).map((p) => p.path).join(", ") || c.id}
                </a>
                <Badge is={c.state} />
                <span class="muted">
                  by {c.author || c.by}, <Time at={c.created} />, risk {c.risk}
                  {c.reason && ` · ${c.reason}`}
                  {c.why && ` · ${c.why}`}
                </span>
                {c.state === "watching" && c.deadline && (
                  <span>
                    watched, ends <Time at={c.deadline} />
                  </span>
                )}
              </li>
            ))}
          </ul>
        )}
      </Items>
    </section>
  );
}

function One({ id }: { id: string }) {
  const one = useResource<Change>(`${path}/${encodeURIComponent(id)}`, { topics: ["change"] });
  return (
    <>
      <p>
        <a href="#/changes">All changes</a>
      </p>
      <Load of={one}>{(c) => <ChangeDetail c={c} refresh={() => void one.refresh()} />}</Load>
    </>
  );
}
