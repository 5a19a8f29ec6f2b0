import { changes, request } from "../api/client";
import type { Change, Done } from "../api/types";
import { Badge } from "../parts/badge";
import { ask } from "../parts/dialog";
import { Pair, Section } from "../parts/load";
import { Time } from "../parts/time";
import { useKeys } from "../state/keys";
import { to } from "../state/route";
import { may } from "../state/session";

const at = (c: Change, what: string) => `${changes}/changes/${encodeURIComponent(c.id)}/${what}`;

/** ChangeDetail shows a change with all that its stages said, and what can be done with it now. */
export function ChangeDetail({ c, refresh }: { c: Change; refresh: () => void }) {
  return (
    <>
      <dl class="card">
        <Pair name="State">
          <Badge is={c.state} /> {c.stage && <span class="muted">{c.stage}</span>} {c.auto_rolled_back && <span>rolled back by itself</span>}
        </Pair>
        {c.why && <Pair name="Outcome">{c.why}</Pair>}
        <Pair name="Root">
          {c.root}
          {c.component && `, of ${c.component}`}
        </Pair>
        <Pair name="Author">
          {c.author || "–"}, submitted by {c.by} for a {c.origin}
        </Pair>
        {c.reason && <Pair name="Reason">{c.reason}</Pair>}
        {c.undoes && (
          <Pair name="Takes back">
            <a href={to("changes", c.undoes)}>{c.undoes}</a>
          </Pair>
        )}
        <Pair name="Risk">
          <Badge is={c.risk} /> {c.reversible ? "putting the files back undoes it" : "putting the files back does not undo all of it"}
        </Pair>
        <Pair name="Created">
          <Time at={c.created} as="full" />
        </Pair>
        {c.applied && (
          <Pair name="Applied">
            <Time at={c.applied} as="full" />
          </Pair>
        )}
        {c.state === "watching" && c.deadline && (
          <Pair name="Watch ends">
            <Time at={c.deadline} />
          </Pair>
        )}
        {c.confirmed_by && <Pair name="Confirmed by">{c.confirmed_by}</Pair>}
        {c.backup_id && (
          <Pair name="Backup">
            <code>{c.backup_id}</code>
          </Pair>
        )}
        <Pair name="Id">
          <code>{c.id}</code>
        </Pair>
      </dl>
      <Orders c={c} refresh={refresh} />
      {(c.refusals ?? []).length > 0 && (
        <Section title="Refused because">
          {c.refusals?.map((r) => (
            <p class="problem">
              <strong>{r.rule}</strong>: limit {r.limit}, value {r.value}. {r.hint}
              {r.retry_after_seconds ? ` Try again in ${r.retry_after_seconds} s.` : ""}
            </p>
          ))}
        </Section>
      )}
      {(c.reasons ?? []).length > 0 && (
        <Section title="What makes the risk">
          <ul class="rows">
            {c.reasons?.map((r) => (
              <li>
                <Badge is={r.risk} /> <span class="wrap">{r.text}</span> <code class="wrap">{[r.path, r.line].filter(Boolean).join(":")}</code>
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section title="Stages">
        <ol class="rows">
          {(c.steps ?? []).map((s) => (
            <li>
              <strong>{s.stage}</strong> <Badge is={s.verdict} /> <span class="wrap">{s.text}</span> <span class="muted">{s.ms} ms</span>
              {s.details && s.details.length > 0 && <pre class="lines" tabIndex={0} role="region" aria-label={`details of ${s.stage}`}>{s.details.join("\n")}</pre>}
            </li>
          ))}
        </ol>
      </Section>
      {c.diff && (
        <Section title="Difference">
          <pre class="lines" tabIndex={0} role="region" aria-label="Lines of the difference">
            {c.diff}
          </pre>
        </Section>
      )}
    </>
  );
}

/** possible says which orders make sense in a state; the API decides. */
const possible = (c: Change) => ({
  confirm: c.state === "watching",
  rollback: c.state === "watching" || c.state === "kept",
  lift: ["failed", "rejected", "rolled_back", "refused"].includes(c.state),
});

function Orders({ c, refresh }: { c: Change; refresh: () => void }) {
  const can = possible(c);
  const allowed = may("operator");
  useKeys(allowed && can.confirm ? [{ keys: "y", what: "confirm this change", run: () => confirm(c, refresh) }] : []);
  if (c.state === "waiting_approval") {
    return (
      <p>
        <a href={to("approvals", c.id)}>It waits for an approval.</a>
      </p>
    );
  }
  if (!allowed || !Object.values(can).some(Boolean)) return null;
  return (
    <div class="buttons">
      {can.confirm && (
        <button type="button" class="main" onClick={() => confirm(c, refresh)}>
          Confirm
        </button>
      )}
      {can.rollback && (
        <button type="button" onClick={() => rollback(c, refresh)}>
          Roll back
        </button>
      )}
      {can.lift && (
        <button type="button" onClick={() => lift(c, refresh)}>
          Allow again
        </button>
      )}
    </div>
  );
}

function confirm(c: Change, refresh: () => void): void {
  ask({
    title: "Keep this change?",
    body: () => <p>The watch of {c.root} ends and the change stays.</p>,
    act: "Confirm",
    run: async () => {
      await request<Change>("POST", at(c, "confirm")).finally(refresh);
      return `Confirmed: ${c.id}`;
    },
  });
}

function rollback(c: Change, refresh: () => void): void {
  ask({
    title: "Roll this change back?",
    body: () => <p>The files of {c.root} become what they were before it, as far as nobody edited them since.</p>,
    act: "Roll back",
    danger: true,
    asks: { label: "Why? (may be empty)", required: false, max: 4096 },
    run: async ({ text }) => {
      await request<Change>("POST", at(c, "rollback"), text ? { reason: text } : {}).finally(refresh);
      return `Rolled back: ${c.id}`;
    },
  });
}

function lift(c: Change, refresh: () => void): void {
  ask({
    title: "Let it be tried again?",
    body: () => <p>A change that failed or was rejected is remembered and not tried again. This forgets that; it does not apply it.</p>,
    act: "Allow again",
    run: async () => {
      await request<Done>("POST", at(c, "lift")).finally(refresh);
      return `It may be submitted again: ${c.id}`;
    },
  });
}
