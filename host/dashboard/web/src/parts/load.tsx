import type { ComponentChildren } from "preact";
import type { Problem } from "../api/client";
import type { List } from "../api/types";
import type { Resource } from "../state/resource";

/** ProblemBox shows what the API said: title, detail with its hint, and when to try again. */
export function ProblemBox({ problem, again }: { problem: Problem; again?: () => void }) {
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{problem.title}</strong>
      </p>
      {problem.detail && <p class="wrap">{problem.detail}</p>}
      {problem.retryAfter && <p>Try again in {problem.retryAfter} s.</p>}
      {again && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Load shows an answer, or that it is on its way, or why there is none. An old answer stays under the problem. */
export function Load<T>({ of, children }: { of: Resource<T>; children: (data: T) => ComponentChildren }) {
  const data = of.data.value;
  const problem = of.problem.value;
  return (
    <>
      {problem && <ProblemBox problem={problem} again={() => void of.refresh()} />}
      {data === undefined ? !problem && <p class="muted">Loading…</p> : children(data)}
    </>
  );
}

/** Items shows a list, or the sentence for none. */
export function Items<T>({ of, none, children }: { of: Resource<List<T>>; none: string; children: (items: T[]) => ComponentChildren }) {
  return <Load of={of}>{(list) => (list.items.length === 0 ? <p class="muted">{none}</p> : children(list.items))}</Load>;
}

/** Section is a part of a page with its heading. */
export function Section({ title, children, side }: { title: string; children: ComponentChildren; side?: ComponentChildren }) {
  return (
    <section aria-label={title}>
      <header class="bar">
        <h2>{title}</h2>
        {side}
      </header>
      {children}
    </section>
  );
}

/** Pair is one line of a description list. */
export function Pair({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
