import { healing, request } from "../api/client";
import type { Done, List, Score, Scoreboard, Strategy } from "../api/types";
import { Badge } from "../parts/badge";
import { ask } from "../parts/dialog";
import { Items, Load, Section } from "../parts/load";
import { Time } from "../parts/time";
import { useResource } from "../state/resource";
import { may } from "../state/session";

/** Strategies shows the ladder and how its rungs have done. */
export function Strategies() {
  const ladder = useResource<List<Strategy>>(`${healing}/strategies`, { topics: ["plugin", "recovery"] });
  const scores = useResource<Scoreboard>(`${healing}/strategies/scoreboard`, { topics: ["recovery"] });
  return (
    <>
      <Section title="Ladder, the least invasive first">
        <Items of={ladder} none="No strategy is configured.">
          {(items) => (
            <ol class="rows">
              {items.map((s) => (
                <li key={s.name}>
                  <span class="muted">{s.rung ?? "–"}</span>
                  <strong>{s.name}</strong>
                  <Badge is={s.ready ? "ready" : "not ready"} tone={s.ready ? "ok" : "bad"} />
                  <span class="muted">
                    {s.built_in && "built in "}
                    {s.ladders?.length ? `on the ladder of ${s.ladders.join(", ")} ` : ""}
                    {s.resting?.map((r) => (
                      <span>
                        rests for {r.component}, until <Time at={r.until} as="clock" />{" "}
                      </span>
                    ))}
                  </span>
                </li>
              ))}
            </ol>
          )}
        </Items>
      </Section>
      <Section title="Scoreboard">
        <Load of={scores}>{(board) => <Board board={board} refresh={() => void scores.refresh()} />}</Load>
      </Section>
    </>
  );
}

/** Board shows scores and what they lack, and promotes. */
export function Board({ board, refresh }: { board: Scoreboard; refresh: () => void }) {
  return (
    <>
      <p class="muted">To be promoted a row has to show: {board.bar}</p>
      {board.items.length === 0 ? (
        <p class="muted">Nothing was tried or recorded yet.</p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Table of scores">
          <table>
            <thead>
              <tr>
                <th scope="col">Strategy</th>
                <th scope="col">Component</th>
                {["Tried", "Healed", "Failed", "Recorded", "Rejected", "False", "Min. saved"].map((h) => (
                  <th scope="col" class="number">
                    {h}
                  </th>
                ))}
                <th scope="col">Promotion</th>
              </tr>
            </thead>
            <tbody>
              {board.items.map((s) => (
                <Row key={`${s.strategy} ${s.component}`} s={s} refresh={refresh} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function Row({ s, refresh }: { s: Score; refresh: () => void }) {
  const figures = [s.tried, s.healed, s.failed, s.recorded, s.rejected, s.false_actions, s.minutes_saved.toFixed(1)];
  return (
    <tr>
      <th scope="row">{s.strategy}</th>
      <td>{s.component}</td>
      {figures.map((f) => (
        <td class="number">{f}</td>
      ))}
      <td>
        {s.promoted_by ? <>promoted by {s.promoted_by} </> : s.passes ? "passes the bar " : <span class="muted">{s.lacks} </span>}
        {may("operator") && (s.promoted_by || s.passes) && (
          <button type="button" class="small" onClick={() => promote(s, refresh)}>
            {s.promoted_by ? "Demote" : "Promote"}
          </button>
        )}
      </td>
    </tr>
  );
}

function promote(s: Score, refresh: () => void): void {
  const word = s.promoted_by ? "demote" : "promote";
  ask({
    title: s.promoted_by ? "Ask a person again?" : "Let it act unasked?",
    body: () => (
      <p>
        {s.promoted_by ? "From now on a person is asked again" : "From now on no person is asked"} before <strong>{s.strategy}</strong> acts on <strong>{s.component}</strong>, as far as the mode allows.
      </p>
    ),
    act: s.promoted_by ? "Demote" : "Promote",
    run: async () => {
      await request<Done>("POST", `${healing}/strategies/${encodeURIComponent(s.strategy)}/${word}`, { component: s.component }).finally(refresh);
      return `${s.strategy} is ${word}d for ${s.component}`;
    },
  });
}
