import { useEffect, useRef, useState } from "preact/hooks";
import { go } from "../state/route";
import { type Key, offeredKeys, step, useKeys } from "../state/keys";
import { offeredPages } from "../pages/pages";

const moves: Key[] = [
  { keys: "j", what: "next row", run: () => step(1) },
  { keys: "k", what: "row before", run: () => step(-1) },
];
const jumps = (): Key[] => offeredPages().map((p) => ({ keys: `g ${p.key}`, what: `go to ${p.title}`, run: () => go(p.name) }));

/** Shortcuts offers the keys that work on every page, and shows all of them. */
export function Shortcuts() {
  const [open, setOpen] = useState(false);
  useKeys([{ keys: "?", what: "show these keys", run: () => setOpen(true) }, ...moves, ...jumps()]);
  return (
    <>
      <footer class="muted">
        <button type="button" class="quiet" onClick={() => setOpen(true)}>
          Keys (?)
        </button>
      </footer>
      {open && <Table close={() => setOpen(false)} />}
    </>
  );
}

function Table({ close }: { close: () => void }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    box.current?.showModal();
    return () => before?.focus();
  }, []);
  return (
    <dialog ref={box} aria-labelledby="keys-title" onClose={close}>
      <h2 id="keys-title">Keys</h2>
      <dl class="keys">
        {offeredKeys().map((k) => (
          <>
            <dt>
              <kbd>{k.keys}</kbd>
            </dt>
            <dd>{k.what}</dd>
          </>
        ))}
        <dt>
          <kbd>Enter</kbd>
        </dt>
        <dd>open the row</dd>
        <dt>
          <kbd>Esc</kbd>
        </dt>
        <dd>close a dialog</dd>
      </dl>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}
