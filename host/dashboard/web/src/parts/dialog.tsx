// One dialog at a time. The browser keeps the focus in it (showModal); here it
// is given back to where it was.
import { signal } from "@preact/signals";
import { type ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { asProblem, type Problem } from "../api/client";
import { link } from "../state/live";
import { say } from "../state/said";
import { ProblemBox } from "./load";

export interface Question {
  title: string;
  /** what is shown above the buttons; it may change while the dialog is open. */
  body?: () => ComponentChildren;
  /** act is the word on the button that does it. */
  act: string;
  danger?: boolean;
  /** asks is the label of a text that is asked for. */
  asks?: { label: string; required: boolean; initial?: string; max?: number };
  /** choice is asked for by a list. */
  choice?: { label: string; from: { value: string; text: string }[] };
  /** lines are short texts that are asked for, each with a name. */
  lines?: { name: string; label: string; required?: boolean; initial?: string; max: number }[];
  /** over returns why it can no longer be done, while the dialog is open. */
  over?: () => string | undefined;
  run: (answer: { text: string; choice: string; lines: Record<string, string> }) => Promise<string>;
}

const asked = signal<Question | null>(null);

/** ask opens a dialog; what its run returns is said afterwards. */
export function ask(q: Question): void {
  asked.value = q;
}

export function DialogHost() {
  const q = asked.value;
  return q && <Dialog key={q.title} q={q} />;
}

function Dialog({ q }: { q: Question }) {
  const box = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const row = before?.closest<HTMLElement>("[data-row]");
    box.current?.showModal();
    box.current?.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => giveBack(before, row);
  }, []);
  const close = () => (asked.value = null);
  const over = q.over?.();
  const submit = async (e: SubmitEvent) => {
    e.preventDefault();
    if (busy || over) return;
    const form = new FormData(e.currentTarget as HTMLFormElement);
    setBusy(true);
    setProblem(null);
    try {
      const given = (name: string) => String(form.get(name) ?? "").trim();
      const lines = Object.fromEntries((q.lines ?? []).map((l) => [l.name, given(`line ${l.name}`)]));
      const text = await q.run({ text: given("text"), choice: given("choice"), lines });
      close();
      say(text, "ok");
    } catch (err) {
      setProblem(asProblem(err));
      setBusy(false);
    }
  };
  return (
    <dialog ref={box} aria-labelledby="dialog-title" onCancel={close} onClose={close}>
      <form onSubmit={submit}>
        <h2 id="dialog-title">{q.title}</h2>
        {q.body?.()}
        <Fields q={q} />
        {over && <p class="problem" role="alert">{over}</p>}
        {problem && <ProblemBox problem={problem} />}
        {link.value.state === "lost" && <p class="problem">The connection is lost: what you see may be old.</p>}
        <div class="buttons">
          <button type="submit" class={q.danger ? "danger" : "main"} disabled={busy || !!over} data-first={q.asks || q.choice || q.danger ? undefined : true}>
            {busy ? "…" : q.act}
          </button>
          <button type="button" onClick={close} data-first={q.danger && !q.asks ? true : undefined}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  );
}

function Fields({ q }: { q: Question }) {
  return (
    <>
      {q.choice && (
        <label>
          {q.choice.label}
          <select name="choice" data-first>
            {q.choice.from.map((c) => (
              <option value={c.value}>{c.text}</option>
            ))}
          </select>
        </label>
      )}
      {q.lines?.map((l) => (
        <label key={l.name}>
          {l.label}
          <input name={`line ${l.name}`} type="text" autocomplete="off" maxLength={l.max} required={l.required ?? false} defaultValue={l.initial ?? ""} />
        </label>
      ))}
      {q.asks && (
        <label>
          {q.asks.label}
          <textarea name="text" rows={2} maxLength={q.asks.max ?? 1000} required={q.asks.required} defaultValue={q.asks.initial ?? ""} data-first={q.choice ? undefined : true} />
        </label>
      )}
    </>
  );
}

/** giveBack returns the focus; where its place is gone, to the same row or the page. */
function giveBack(before: HTMLElement | null, row: HTMLElement | null | undefined): void {
  requestAnimationFrame(() => {
    const target = [before, row, document.querySelector<HTMLElement>("main h1")].find((e) => e?.isConnected && e !== document.body);
    target?.focus();
  });
}
