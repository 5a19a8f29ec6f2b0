import { useState } from "preact/hooks";
import { healing } from "../api/client";
import type { List, Samples, Signal } from "../api/types";
import { figure } from "../parts/figure";
import { Items, Load, Section } from "../parts/load";
import { Plot } from "../parts/plot";
import { Time } from "../parts/time";
import { useResource } from "../state/resource";
import { to } from "../state/route";

/** Signals lists all signals, or plots one of them: its id is component/name. */
export function Signals({ id }: { id: string }) {
  const cut = id.indexOf("/");
  return cut > 0 ? <One key={id} component={id.slice(0, cut)} name={id.slice(cut + 1)} /> : <All />;
}

function All() {
  const [find, setFind] = useState("");
  const list = useResource<List<Signal>>(`${healing}/signals`, { every: 5_000 });
  return (
    <section aria-label="All signals">
      <label>
        Find
        <input type="search" value={find} onInput={(e) => setFind(e.currentTarget.value)} placeholder="cpu, web, …" />
      </label>
      <Items of={list} none="No signal was sampled yet.">
        {(items) => {
          const shown = items.filter((s) => `${s.component} ${s.name}`.includes(find.trim().toLowerCase()));
          return (
            <>
              <p class="muted" role="status">
                {shown.length} of {items.length} signals
              </p>
              <ul class="rows">
                {shown.map((s) => (
                  <li key={`${s.component}/${s.name}`}>
                    <a href={to("signals", `${s.component}/${s.name}`)} data-row={`${s.component}/${s.name}`}>
                      {s.component} {s.name}
                    </a>
                    <span class="end">{figure(s.last, s.unit)}</span>
                    <span class="muted">
                      <Time at={s.at} />
                    </span>
                  </li>
                ))}
              </ul>
            </>
          );
        }}
      </Items>
    </section>
  );
}

const spans = [
  { text: "15 min", minutes: 15 },
  { text: "1 hour", minutes: 60 },
  { text: "6 hours", minutes: 360 },
  { text: "1 day", minutes: 1_440 },
  { text: "7 days", minutes: 10_080 },
];

function One({ component, name }: { component: string; name: string }) {
  const [minutes, setMinutes] = useState(60);
  return (
    <Section
      title={`${component} ${name}`}
      side={
        <span class="buttons" role="group" aria-label="How far back">
          {spans.map((s) => (
            <button type="button" class="small" aria-pressed={s.minutes === minutes} onClick={() => setMinutes(s.minutes)}>
              {s.text}
            </button>
          ))}
        </span>
      }
    >
      <p>
        <a href="#/signals">All signals</a>
      </p>
      <Span key={minutes} component={component} name={name} minutes={minutes} />
    </Section>
  );
}

function Span({ component, name, minutes }: { component: string; name: string; minutes: number }) {
  const [from] = useState(() => new Date(Date.now() - minutes * 60_000).toISOString());
  const path = `${healing}/signals/${encodeURIComponent(component)}/${encodeURIComponent(name)}?from=${encodeURIComponent(from)}`;
  const samples = useResource<Samples>(path, { every: Math.max(5_000, minutes * 250) });
  const all = useResource<List<Signal>>(`${healing}/signals`);
  const unit = all.data.value?.items.find((s) => s.component === component && s.name === name)?.unit ?? "";
  return (
    <Load of={samples}>
      {(s) => (s.times.length === 0 ? <p class="muted">No sample in this time.</p> : <Plot title={`${component} ${name}`} unit={unit} times={s.times} values={s.values} />)}
    </Load>
  );
}
