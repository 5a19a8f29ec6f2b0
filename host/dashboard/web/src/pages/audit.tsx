import { Problem, request } from "../api/client";
import type { AuditRecord, AuditReport, List } from "../api/types";
import { count } from "../parts/badge";
import { ask } from "../parts/dialog";
import { Load, Section } from "../parts/load";
import { Time } from "../parts/time";
import { useResource } from "../state/resource";
import { go, to } from "../state/route";
import { may } from "../state/session";

const path = "/api/v0/audit";
const size = 50;

interface Wanted {
  kind?: string | undefined;
  about?: string | undefined;
  cursor?: string | undefined;
}

/** trailOf is the id of the page that shows what is wanted. */
export function trailOf(w: Wanted): string {
  const given = Object.entries(w).filter(([, v]) => v);
  return new URLSearchParams(given).toString();
}

function wanted(id: string): Wanted {
  const given = new URLSearchParams(id);
  return { kind: given.get("kind") ?? "", about: given.get("about") ?? "", cursor: given.get("cursor") ?? "" };
}

/** Audit shows who did what, a page at a time; its id says of which kind, about what and from where on. */
export function Audit({ id }: { id: string }) {
  const w = wanted(id);
  return (
    <>
      <Find key={id} w={w} />
      <Page key={`page ${id}`} w={w} />
    </>
  );
}

function Find({ w }: { w: Wanted }) {
  const submit = (e: SubmitEvent) => {
    e.preventDefault();
    const form = new FormData(e.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    go("audit", trailOf({ kind: text("kind"), about: text("about") }));
  };
  return (
    <form class="find" role="search" onSubmit={submit}>
      <label>
        Kind begins with
        <input name="kind" type="search" defaultValue={w.kind ?? ""} maxLength={100} placeholder="component., change., token." />
      </label>
      <label>
        About, in full
        <input name="about" type="search" defaultValue={w.about ?? ""} maxLength={256} placeholder="a component, an id, who did it" />
      </label>
      <button type="submit">Find</button>
    </form>
  );
}

function Page({ w }: { w: Wanted }) {
  const newest = !w.cursor;
  const list = useResource<List<AuditRecord>>(`${path}/search?limit=${size}&${trailOf(w)}`, newest ? { every: 5_000 } : {});
  return (
    <Section
      title="Records, the newest first"
      side={
        may("operator") && (
          <button type="button" class="small" onClick={verify}>
            Verify the log
          </button>
        )
      }
    >
      <Load of={list}>
        {(l) => (
          <>
            {l.items.length === 0 && <p class="muted">{l.next ? "None so far; the log goes on." : "No record matches."}</p>}
            <ol class="rows">
              {l.items.map((r) => (
                <Row key={r.seq} r={r} />
              ))}
            </ol>
            <p class="line">
              {!newest && <a href={to("audit", trailOf({ ...w, cursor: "" }))}>Newest</a>}
              {l.next && <a href={to("audit", trailOf({ ...w, cursor: l.next }))}>Older</a>}
            </p>
          </>
        )}
      </Load>
    </Section>
  );
}

function Row({ r }: { r: AuditRecord }) {
  return (
    <li data-row={String(r.seq)} tabIndex={0} aria-label={`record ${r.seq}: ${r.kind} by ${r.actor}`}>
      <span class="muted">{r.seq}</span>
      <Time at={r.time} as="full" />
      <a href={to("audit", trailOf({ kind: r.kind }))}>{r.kind}</a>
      <span>
        by <a href={to("audit", trailOf({ about: r.actor }))}>{r.actor}</a>
      </span>
      <span class="muted" title={`hash ${r.hash}`}>
        {Object.entries(r.fields ?? {})
          .filter(([, v]) => v !== "")
          .map(([k, v]) => `${k}: ${typeof v === "string" ? v : JSON.stringify(v)}`)
          .join(", ")}
      </span>
    </li>
  );
}

function verify(): void {
  ask({
    title: "Verify the whole log?",
    body: () => <p>Every record is read, and its hash and its place in the chain are checked.</p>,
    act: "Verify",
    run: async () => {
      const report = await request<AuditReport>("POST", `${path}/verify`);
      if (!report.ok) throw new Problem(0, "The log is broken", `After ${count(report.records, "good record")}: ${report.problem ?? ""}`);
      return `The log is whole: ${count(report.records, "record")}`;
    },
  });
}
