import type { ChangeRef, Incident, Known, Recovery } from "../api/types";
import { Badge } from "../parts/badge";
import { figure } from "../parts/figure";
import { Pair, Section } from "../parts/load";
import { Time } from "../parts/time";
import { to } from "../state/route";

/** Detail shows all that is known of an incident: evidence, what changed, suspects, what was tried. */
export function Detail({ i }: { i: Incident }) {
  return (
    <>
      <dl class="card">
        <Pair name="Likely cause">
          <strong>{i.component && <a href={to("components", i.component)}>{i.component}</a>}</strong>: {i.cause_text}
        </Pair>
        <Pair name="State">
          <Badge is={i.state} /> <Badge is={i.severity} /> {i.state === "waiting_approval" && <a href="#/approvals">answer the approval</a>}
        </Pair>
        <Pair name="Components">{i.components.join(", ")}</Pair>
        <Pair name="Opened">
          <Time at={i.opened} as="full" />
          {i.resolved && (
            <>
              , resolved <Time at={i.resolved} as="full" />
            </>
          )}
          {i.next_try_at && (
            <>
              , next try <Time at={i.next_try_at} />
            </>
          )}
        </Pair>
        <Pair name="Id">
          <code>{i.id}</code> <span class="muted wrap">{i.signature}</span>
        </Pair>
      </dl>
      <Section title="Evidence">
        <ul class="rows">
          {i.anomalies.map((a) => (
            <li key={a.id}>
              <span class="wrap">{a.summary}</span>
              <Badge is={a.severity} />
              <span class="muted">
                {a.detector}, {a.open ? "still so" : "over"}, last seen <Time at={a.last_seen} />
              </span>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="What was tried">
        {i.recoveries.length === 0 && <p class="muted">Nothing yet.</p>}
        {i.recoveries.map((r) => (
          <Attempt key={r.id} r={r} />
        ))}
      </Section>
      {i.known && <Around known={i.known} />}
      <Section title="History">
        <ol class="log">
          {i.history.map((h) => (
            <li>
              <Time at={h.at} as="clock" /> <Badge is={h.state} /> <span class="wrap">{h.text}</span>
            </li>
          ))}
        </ol>
      </Section>
    </>
  );
}

function Attempt({ r }: { r: Recovery }) {
  return (
    <article class="card">
      <h3>
        {(r.actions ?? []).join(", ") || "nothing"} <Badge is={r.result} />
      </h3>
      <p class="wrap">
        {r.strategy}: {r.reason}
      </p>
      {r.text && <p class="wrap">{r.text}</p>}
      <ol class="log">
        {(r.steps ?? []).map((s) => (
          <li>
            <Time at={s.at} as="clock" /> <span class="wrap">{s.text}</span>
          </li>
        ))}
      </ol>
    </article>
  );
}

function Around({ known }: { known: Known }) {
  return (
    <>
      <Section title="Suspects">
        {known.suspects.length === 0 && <p class="muted">None.</p>}
        <ul class="rows">
          {known.suspects.map((s) => (
            <li>
              <strong>{s.component}</strong> <span class="muted">{s.score.toFixed(2)}</span> <span class="wrap">{s.text}</span>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="What changed lately">
        {known.changes.length === 0 && <p class="muted">Nothing that is known.</p>}
        <Changed refs={known.changes.slice(0, few)} />
        {known.changes.length > few && (
          <details>
            <summary>{known.changes.length - few} earlier ones</summary>
            <Changed refs={known.changes.slice(few)} />
          </details>
        )}
      </Section>
      {known.readings.length > 0 && (
        <details>
          <summary>Newest values of {known.readings.length} signals at that time</summary>
          <ul class="rows">
            {known.readings.map((r) => (
              <li>
                <a href={to("signals", `${r.component}/${r.signal}`)}>
                  {r.component} {r.signal}
                </a>
                <span class="end">{figure(r.value, r.unit ?? "")}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      <Section title="End of the log">
        {known.logs.length === 0 ? (
          <p class="muted">No line is known.</p>
        ) : (
          <pre class="lines" tabIndex={0} role="region" aria-label="Lines of the log">
            {known.logs.map((l) => `${l.time} ${l.text}${l.truncated ? " …" : ""}`).join("\n")}
          </pre>
        )}
      </Section>
    </>
  );
}

const few = 8;

const Changed = ({ refs }: { refs: ChangeRef[] }) => (
  <ul class="log">
    {refs.map((c) => (
      <li>
        <Time at={c.applied} as="full" /> {c.kind} {c.id ? <a href={to("changes", c.id)}>{c.id}</a> : c.component}{" "}
        <span class="wrap">
          {c.text} {(c.paths ?? []).join(", ")}
        </span>
      </li>
    ))}
  </ul>
);
