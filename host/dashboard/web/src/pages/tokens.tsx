import { useState } from "preact/hooks";
import { request } from "../api/client";
import type { Done, List, NewToken, Token } from "../api/types";
import { ask } from "../parts/dialog";
import { Items, Section } from "../parts/load";
import { Time } from "../parts/time";
import { useResource } from "../state/resource";
import { to } from "../state/route";
import { may, who } from "../state/session";
import { trailOf } from "./audit";

const path = "/api/v0/tokens";

/** Tokens lets admins make and revoke tokens. A secret is shown once and kept nowhere. */
export function Tokens() {
  return may("admin") ? <All /> : <p class="muted">Tokens are for admins.</p>;
}

function All() {
  const [made, setMade] = useState<NewToken | null>(null);
  const list = useResource<List<Token>>(path, { every: 15_000 });
  const refresh = () => void list.refresh();
  return (
    <Section
      title="All tokens"
      side={
        <button type="button" onClick={() => make(setMade, refresh)}>
          Make a token
        </button>
      }
    >
      <div role="status">{made && <Secret t={made} close={() => setMade(null)} />}</div>
      <Items of={list} none="There is none.">
        {(items) => (
          <ul class="rows">
            {items.map((t) => (
              <li key={t.id} data-row={t.id} tabIndex={0} aria-label={`token ${t.name}, ${t.role}`}>
                <strong class="wrap">{t.name}</strong>
                <span>{t.role}</span>
                <span class="muted">
                  made <Time at={t.created} />, {t.expires ? <>expires <Time at={t.expires} /></> : "does not expire"}
                  {own(t) && ", you signed in with it"}
                </span>
                <a href={to("audit", trailOf({ about: `token:${t.id}` }))}>token:{t.id}</a>
                <span class="end">
                  <button type="button" class="small" onClick={() => revoke(t, refresh)}>
                    Revoke
                  </button>
                </span>
              </li>
            ))}
          </ul>
        )}
      </Items>
    </Section>
  );
}

const own = (t: Token): boolean => who.value?.name === `token:${t.id}`;

function Secret({ t, close }: { t: NewToken; close: () => void }) {
  return (
    <div class="card">
      <p>
        The token <strong class="wrap">{t.name}</strong>. It is shown this once: copy it now.
      </p>
      <code class="wrap secret">{t.token}</code>
      <div class="buttons">
        <button type="button" onClick={close}>
          I have it
        </button>
      </div>
    </div>
  );
}

const roles = [
  { value: "viewer", text: "viewer: sees everything" },
  { value: "operator", text: "operator: answers, orders and changes" },
  { value: "admin", text: "admin: everything, tokens too" },
  { value: "agent", text: "agent: reads and proposes changes" },
  { value: "reporter", text: "reporter: reports alerts and nothing else" },
];

function make(show: (t: NewToken) => void, refresh: () => void): void {
  ask({
    title: "Make a token",
    choice: { label: "Role", from: roles },
    lines: [
      { name: "name", label: "Name, of who or what uses it", required: true, max: 100 },
      { name: "for", label: "How long it holds, such as 720h (empty: until it is revoked)", initial: "720h", max: 20 },
    ],
    act: "Make it",
    run: async ({ choice, lines }) => {
      const made = await request<NewToken>("POST", path, { name: lines["name"], role: choice, ...(lines["for"] && { for: lines["for"] }) }).finally(refresh);
      show(made);
      return `Made: ${made.name}`;
    },
  });
}

function revoke(t: Token, refresh: () => void): void {
  ask({
    title: `Revoke ${t.name}?`,
    body: () => (
      <>
        <p>Whoever uses it is refused from now on, and browsers that signed in with it are signed out. It cannot be brought back.</p>
        {own(t) && <p class="problem">You signed in with it: you are signed out too.</p>}
      </>
    ),
    act: "Revoke",
    danger: true,
    run: async () => {
      await request<Done>("DELETE", `${path}/${encodeURIComponent(t.id)}`).finally(refresh);
      return `Revoked: ${t.name}`;
    },
  });
}
