import { changes, healing } from "../api/client";
import type { Approval, Change, Incident, List, Recovery, Safety, Status } from "../api/types";
import { describe } from "../parts/action";
import { Badge, count } from "../parts/badge";
import { Load, Section } from "../parts/load";
import { Time } from "../parts/time";
import { useResource } from "../state/resource";
import { to } from "../state/route";
import { AllComponents } from "./components";

/** Overview says what needs somebody now, and how everything is. */
export function Overview() {
  return (
    <>
      <Needs />
      <div class="columns">
        <Host />
        <Healing />
      </div>
      <AllComponents />
    </>
  );
}

function Needs() {
  const approvals = useResource<List<Approval>>(`${healing}/approvals?state=pending`, { topics: ["approval", "change"] });
  const watched = useResource<List<Change>>(`${changes}/changes?state=watching`, { topics: ["change"] });
  const incidents = useResource<List<Incident>>(`${healing}/incidents?state=open&limit=100`, { topics: ["incident"] });
  const handed = incidents.data.value?.items.filter((i) => i.state === "handed_over") ?? [];
  const waiting = approvals.data.value?.items ?? [];
  const toConfirm = watched.data.value?.items ?? [];
  const nothing = waiting.length + toConfirm.length + handed.length === 0;
  const unread = [approvals, watched, incidents].some((r) => r.data.value === undefined);
  return (
    <Section title="What needs you now">
      {nothing && !unread && <p class="muted">Nothing. No approval waits, no watched change, no incident was handed over.</p>}
      <Load of={approvals}>{() => null}</Load>
      <ul class="rows" aria-live="polite">
        {waiting.map((a) => (
          <li key={a.id}>
            <a href={to("approvals", a.id)} data-row={a.id}>
              Approve or reject: {a.proposal.actions.map(describe).join(", ")}
            </a>
            <span class="muted">
              {a.reason}; expires <Time at={a.expires} />
            </span>
          </li>
        ))}
        {toConfirm.map((c) => (
          <li key={c.id}>
            <a href={to("changes", c.id)} data-row={c.id}>
              Watched change of {c.root}
            </a>
            <span class="muted">
              {c.reason} {c.deadline && <>the watch ends <Time at={c.deadline} /></>}
            </span>
          </li>
        ))}
        {handed.map((i) => (
          <li key={i.id}>
            <a href={to("incidents", i.id)} data-row={i.id}>
              Handed over to you: {i.component}
            </a>
            <Badge is={i.severity} />
            <span class="muted">{i.cause_text}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Host() {
  const safety = useResource<Safety>(`${changes}/safety/enhanced-status`, { topics: ["change", "incident"], every: 10_000 });
  return (
    <Section title="Host">
      <Load of={safety}>
        {(s) => {
          const reasons = Object.entries(s.health.checks).filter(([, c]) => c.verdict !== "pass");
          return (
            <>
              <p class="line">
                <span class="big">{Math.round(s.health.score)}</span> of 100 <Badge is={s.health.status} /> <span class="muted">{s.health.trend}</span>
              </p>
              <ul class="plain">
                {reasons.map(([name, c]) => (
                  <li key={name}>
                    <Badge is={c.verdict} /> {c.reason ?? name}
                  </li>
                ))}
              </ul>
              <p class="line">
                Breaker of changes <Badge is={s.circuit_breaker.state} tone={s.circuit_breaker.state === "open" ? "bad" : s.circuit_breaker.state === "closed" ? "ok" : "warn"} />
                {!s.enabled && <Badge is="off" text="gates only warn" />}
              </p>
            </>
          );
        }}
      </Load>
    </Section>
  );
}

function Healing() {
  const status = useResource<Status>(`${healing}/status`, { topics: [] });
  const running = useResource<List<Recovery>>(`${healing}/recoveries?limit=50`, { topics: ["recovery"] });
  const now = running.data.value?.items.filter((r) => r.result === "running") ?? [];
  return (
    <Section title="Healing">
      <Load of={status}>
        {(s) => (
          <>
            <p>
              {s.active ? (
                <>
                  Mode <strong>{s.mode}</strong>
                </>
              ) : (
                <Badge is="off" text="switched off" />
              )}
              , <a href="#/incidents">{count(s.open_incidents, "open incident")}</a>, {count(s.active_recoveries, "active recovery", "active recoveries")}, {Math.round(s.auto_healing_rate)} % healed unasked
            </p>
            {s.config_error && <p class="problem wrap">The last reload of the configuration was refused: {s.config_error}</p>}
            {s.maintenance.map((m) => (
              <p key={m.id} class="line">
                <Badge is="maintenance" tone="warn" /> {m.component || "the whole host"} until <Time at={m.end} as="clock" /> {m.reason && `(${m.reason})`}
              </p>
            ))}
            <ul class="rows">
              {now.map((r) => (
                <li key={r.id}>
                  <a href={to("incidents", r.incident)} data-row={r.id}>
                    {r.component}: {(r.actions ?? []).join(", ")}
                  </a>
                  <span class="muted">
                    by {r.strategy}, <Time at={r.started_at ?? r.proposed_at} />
                  </span>
                </li>
              ))}
            </ul>
            <p class="muted">
              version {s.version}, started <Time at={s.started_at} />
            </p>
          </>
        )}
      </Load>
    </Section>
  );
}
