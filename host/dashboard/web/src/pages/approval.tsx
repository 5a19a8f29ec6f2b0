import type { Approval, List, Undo } from "../api/types";
import { describe } from "../parts/action";
import { Badge, words } from "../parts/badge";
import { Pair } from "../parts/load";
import { Time } from "../parts/time";
import type { Resource } from "../state/resource";
import { to } from "../state/route";
import { may } from "../state/session";
import { approve, reject } from "./answering";

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
        <Pair name="Component">{a.component ? <a href={to("components", a.component)}>{a.component}</a> : "–"}</Pair>
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
