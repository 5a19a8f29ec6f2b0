import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { healing } from "../api/client";
import type { Status } from "../api/types";
import { link, retry } from "../state/live";
import { useResource } from "../state/resource";
import { route, to } from "../state/route";
import { said } from "../state/said";
import { signOut, who } from "../state/session";
import { offeredPages } from "../pages/pages";
import { Badge } from "./badge";
import { DialogHost } from "./dialog";
import { Shortcuts } from "./shortcuts";
import { Time } from "./time";

/** Shell is what stands around every page. */
export function Shell({ title, children }: { title: string; children: ComponentChildren }) {
  const status = useResource<Status>(`${healing}/status`, { topics: ["incident", "approval", "mode", "recovery", "component", "change", "maintenance", "plugin"] });
  const { id } = route.value;
  const head = useRef<HTMLHeadingElement>(null);
  const first = useRef(true);
  useEffect(() => {
    document.title = `${id ? `${id} - ` : ""}${title} - Homeostat`;
    if (!first.current) head.current?.focus();
    first.current = false;
  }, [title, id]);
  const s = status.data.value;
  const toMain = (e: MouseEvent) => {
    e.preventDefault();
    head.current?.focus();
  };
  return (
    <div class={`shell ${link.value.state}`}>
      <a class="skip" href="#main" onClick={toMain}>
        Skip to the page
      </a>
      <header class="top">
        <strong class="brand">Homeostat</strong>
        {s && <Badge is={s.active ? s.mode : "off"} tone={s.active ? "idle" : "bad"} text={s.active ? `mode ${s.mode}` : "healing is off"} />}
        {s?.maintenance.length ? <Badge is="maintenance" tone="warn" /> : null}
        <Connection />
        <span class="who">
          {who.value?.name} <span class="muted">({who.value?.role})</span>{" "}
          <button type="button" class="quiet" onClick={() => void signOut()}>
            Sign out
          </button>
        </span>
      </header>
      <Nav waiting={s?.pending_approvals ?? 0} open={s?.open_incidents ?? 0} />
      <main id="main">
        <Lost />
        <h1 ref={head} tabIndex={-1}>
          {title}
        </h1>
        {children}
      </main>
      <Sayings />
      <DialogHost />
      <Shortcuts />
    </div>
  );
}

function Nav({ waiting, open }: { waiting: number; open: number }) {
  const count: Record<string, number> = { approvals: waiting, incidents: open };
  return (
    <nav aria-label="Pages">
      <ul>
        {offeredPages().map((p) => (
          <li>
            <a href={to(p.name)} aria-current={route.value.page === p.name ? "page" : undefined}>
              {p.title}
              {count[p.name] ? <span class="count">{count[p.name]}</span> : null}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Connection() {
  const { state } = link.value;
  const text = { live: "live", connecting: "connecting", lost: "connection lost" }[state];
  return <Badge is={state} text={text} />;
}

/** Lost says that what is shown is old. */
function Lost() {
  const { state, since } = link.value;
  return (
    <div role="status">
      {state === "lost" && (
        <p class="problem lost">
          <span>
            The connection was lost at <Time at={new Date(since).toISOString()} as="clock" />. What you see is from before that.
          </span>{" "}
          <button type="button" onClick={retry}>
            Connect now
          </button>
        </p>
      )}
    </div>
  );
}

function Sayings() {
  return (
    <div class="sayings" role="status" aria-live="polite">
      {said.value.map((s) => (
        <p key={s.id} class={s.tone}>
          {s.text}
        </p>
      ))}
    </div>
  );
}
