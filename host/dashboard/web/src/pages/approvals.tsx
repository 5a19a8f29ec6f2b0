import type { Approval, List } from "../api/types";
import { describe } from "../parts/action";
import { Badge } from "../parts/badge";
import { Items, Section } from "../parts/load";
import { Time } from "../parts/time";
import { focusedRow, useKeys } from "../state/keys";
import { type Resource, useResource } from "../state/resource";
import { to } from "../state/route";
import { may } from "../state/session";
import { approve, path, reject } from "./answering";
import { Card } from "./approval";

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
