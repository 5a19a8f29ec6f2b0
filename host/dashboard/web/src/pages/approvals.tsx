import { healing, request } from "../api/client";
import type { Approval, List, Undo } from "../api/types";
import { describe } from "../parts/action";
import { Badge, words } from "../parts/badge";
import { ask } from "../parts/dialog";
import { Items, Pair, Section } from "../parts/load";
import { Time } from "../parts/time";
import { now } from "../state/clock";
import { focusedRow, useKeys } from "../state/keys";
import { type Resource, useResource } from "../state/resource";
import { to } from "../state/route";
import { may } from "../state/session";

const path = `${healing}/approvals`;

/** Approvals shows what waits for a person, and what was answered. */
export function Approvals({ id }: { id: string }) {
  const list = useResource<List<Approval>>(`${path}?limit=100`, { topics: ["approval", "change"] });
  const pick = () => {
    const waiting = (list.data.value?.items ?? []).filter((a) => a.state === "pending");
    return waiting.find((a) => a.id === (focusedRow() ?? id)) ?? (waiting.length === 1 ? waiting[0] : undefined);
  };
  const offer = (what: (a: Approval, from: Resource<List<Approval>>) => void) => () => {
    const a = pick();
    if (a && may("operator")) what(a, list);
  };
  useKeys(
    may("operator")
      ? [
          { keys: "a", what: "approve the row", run: offer(approve) },
          { keys: "r", what: "reject the row", run: offer(reject) },
        ]
      : [],
  );
  return (
    <Items of={list} none="Nothing waits for you, and nothing did.">
      {(items) => <Both items={items} from={list} id={id} />}
    </Items>
  );
}

function Both({ items, from, id }: { items: Approval[]; from: Resource<List<Approval>>; id: string }) {
  const waiting = items.filter((a) => a.state === "pending");
  const others = items.filter((a) => a.state !== "pending");
  const chosen = others.find((a) => a.id === id);
  return (
    <>
      {chosen && <Card a={chosen} from={from} />}
      <Section title={`Waiting (${waiting.length})`}>
        {waiting.length === 0 && <p class="muted">Nothing waits for you.</p>}
        {waiting.map((a) => (
          <Card key={a.id} a={a} from={from} />
        ))}
      </Section>
      {others.length > 0 && (
        <Section title="Answered, expired or overtaken">
          <ul class="rows">
            {others.map((a) => (
              <li key={a.id}>
                <a href={to("approvals", a.id)} data-row={a.id}>
                  {a.component || "host"}: {a.proposal.actions.map(describe).join(", ")}
                </a>
                <Badge is={a.state} text={a.state === "superseded" ? "overtaken" : a.state} />
                <span class="muted">
                  <Time at={a.created} /> {a.answer}
                </span>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

function undoText(u: Undo): string {
  if (u.class === "reversible") return `yes, by: ${u.undo}`;
  return u.class === "harmless" ? "there is nothing to undo: it changes nothing that lasts" : `no: what ${words(u.action)} does cannot be taken back`;
}

/** Card shows all that a person needs to answer. */
export function Card({ a, from }: { a: Approval; from: Resource<List<Approval>> }) {
  const open = a.state === "pending";
  return (
    <article class="card" tabIndex={0} data-row={a.id} aria-label={`approval for ${a.component || "the host"}`}>
      <h3>
        {a.proposal.actions.map((action) => (
          <div>{describe(action)}</div>
        ))}
      </h3>
      <dl>
        <Pair name="Why">{a.reason}</Pair>
        <Pair name="Component">{a.component || "–"}</Pair>
        {a.evidence.length > 0 && (
          <Pair name="Evidence">
            <ul class="plain wrap">
              {a.evidence.map((line) => (
                <li>{line}</li>
              ))}
            </ul>
          </Pair>
        )}
        {a.undo && (
          <Pair name="Can be undone">
            {a.undo.map((u) => (
              <div>{undoText(u)}</div>
            ))}
          </Pair>
        )}
        <Pair name="Proposed by">
          {a.strategy}, <Time at={a.created} />
          {a.proposal.confidence ? `, ${Math.round(a.proposal.confidence * 100)} % sure` : ""}
        </Pair>
        {a.incident && (
          <Pair name="Incident">
            <a href={to("incidents", a.incident)}>{a.incident}</a>
          </Pair>
        )}
        {a.id.startsWith("mod_") && (
          <Pair name="Change">
            <a href={to("changes", a.id)}>{a.id}</a>
          </Pair>
        )}
        <Pair name={open ? "Expires" : "State"}>{open ? <Time at={a.expires} /> : <Badge is={a.state} text={a.state === "superseded" ? "overtaken" : a.state} />}</Pair>
        {a.answer && <Pair name="Answer">{a.answer}</Pair>}
        <Pair name="Hash">
          <code class="wrap">{a.hash}</code>
        </Pair>
      </dl>
      {open && may("operator") && (
        <div class="buttons">
          <button type="button" class="main" onClick={() => approve(a, from)}>
            Approve
          </button>
          <button type="button" onClick={() => reject(a, from)}>
            Reject
          </button>
        </div>
      )}
      {open && !may("operator") && <p class="muted">An operator can answer this.</p>}
    </article>
  );
}

/** over says why an approval can no longer be answered, while a dialog is open. */
function over(a: Approval, from: Resource<List<Approval>>): string | undefined {
  const current = from.data.value?.items.find((x) => x.id === a.id);
  const state = current?.state ?? "pending";
  if (state === "superseded") return "This proposal was overtaken: what it was for has changed. Look at the list again.";
  if (state !== "pending") return `This approval is ${state} by now${current?.answer ? `: ${current.answer}` : ""}.`;
  if (current && current.hash !== a.hash) return "The proposal is another one by now. Close this and read it again.";
  if (Date.parse(a.expires) <= now.value) return "This approval has expired. If the trouble lasts, it is proposed once more.";
  return undefined;
}

const Doing = ({ a }: { a: Approval }) => (
  <>
    <ul class="plain">
      {a.proposal.actions.map((action) => (
        <li>
          <strong>{describe(action)}</strong>
        </li>
      ))}
    </ul>
    <p class="wrap">{a.reason}</p>
    {a.undo?.some((u) => u.class === "irreversible") && <p class="problem">Not all of this can be undone.</p>}
    <p class="muted">
      Expires <Time at={a.expires} />
    </p>
  </>
);

function approve(a: Approval, from: Resource<List<Approval>>): void {
  ask({
    title: "Approve: do this now?",
    body: () => <Doing a={a} />,
    act: "Approve",
    over: () => over(a, from),
    run: async () => {
      try {
        await request<Approval>("POST", `${path}/${encodeURIComponent(a.id)}/approve`, { hash: a.hash });
      } finally {
        void from.refresh();
      }
      return `Approved: ${a.proposal.actions.map(describe).join(", ")}`;
    },
  });
}

function reject(a: Approval, from: Resource<List<Approval>>): void {
  ask({
    title: "Reject this?",
    body: () => <Doing a={a} />,
    act: "Reject",
    asks: { label: "Why? Strategies and people learn from it.", required: true },
    over: () => over(a, from),
    run: async ({ text }) => {
      try {
        await request<Approval>("POST", `${path}/${encodeURIComponent(a.id)}/reject`, { reason: text });
      } finally {
        void from.refresh();
      }
      return `Rejected: ${a.proposal.actions.map(describe).join(", ")}`;
    },
  });
}
