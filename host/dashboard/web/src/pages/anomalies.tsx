import { healing, request } from "../api/client";
import type { Anomaly, Done, List } from "../api/types";
import { Badge } from "../parts/badge";
import { ask } from "../parts/dialog";
import { Items } from "../parts/load";
import { Time } from "../parts/time";
import { focusedRow, useKeys } from "../state/keys";
import { useResource } from "../state/resource";
import { to } from "../state/route";
import { may } from "../state/session";

/** Anomalies lists what detectors reported, to be marked right or wrong. */
export function Anomalies() {
  const list = useResource<List<Anomaly>>(`${healing}/anomalies?limit=200`, { topics: ["anomaly"] });
  const offer = (right: boolean) => () => {
    const a = list.data.value?.items.find((x) => x.id === focusedRow());
    if (a) mark(a, right);
  };
  useKeys(
    may("operator")
      ? [
          { keys: "y", what: "mark the row as right", run: offer(true) },
          { keys: "x", what: "mark the row as wrong", run: offer(false) },
        ]
      : [],
  );
  return (
    <section aria-label="Anomalies">
      <p class="muted">Marks teach the detectors that learn (timeseries, behavior, logs); the others say that they do not.</p>
      <Items of={list} none="No detector has reported anything.">
        {(items) => (
          <ul class="rows">
            {items.map((a) => (
              <li key={a.id} data-row={a.id} tabIndex={0} aria-label={`${a.component}: ${a.summary}`}>
                <span class="wrap">{a.summary}</span>
                <Badge is={a.severity} />
                <Badge is={a.open ? "open" : "over"} />
                <span class="muted">
                  {a.component}, by {a.detector}, first <Time at={a.first_seen} />, last <Time at={a.last_seen} />
                  {a.suppressed && `, expected: ${a.suppressed}`}
                </span>
                {a.incident && <a href={to("incidents", a.incident)}>incident</a>}
                {may("operator") && (
                  <span class="end buttons">
                    <button type="button" class="small" onClick={() => mark(a, true)}>
                      Right
                    </button>
                    <button type="button" class="small" onClick={() => mark(a, false)}>
                      Wrong
                    </button>
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

function mark(a: Anomaly, right: boolean): void {
  ask({
    title: right ? "Was this rightly reported?" : "Was this a false alarm?",
    body: () => <p class="wrap">{a.summary}</p>,
    act: right ? "Mark as right" : "Mark as wrong",
    run: async () => {
      const done = await request<Done>("POST", `${healing}/anomalies/${encodeURIComponent(a.id)}/mark`, { right });
      return done.text ? `${a.detector} took the mark. ${done.text}` : `${a.detector} took the mark.`;
    },
  });
}
