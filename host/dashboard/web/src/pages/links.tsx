import { healing } from "../api/client";
import type { Link, LinkStats, List } from "../api/types";
import { Badge, count } from "../parts/badge";
import { figure } from "../parts/figure";
import { Items, Load, Pair, Section } from "../parts/load";
import { Time } from "../parts/time";
import { useResource } from "../state/resource";
import { to } from "../state/route";
import { may } from "../state/session";
import { closeLink, openLink } from "./circuit";

const fresh = { topics: ["link", "recovery", "incident"], every: 5_000 };

/** Links lists them, or shows one: its id is from/to. */
export function Links({ id }: { id: string }) {
  const cut = id.indexOf("/");
  return cut > 0 ? <One key={id} from={id.slice(0, cut)} to={id.slice(cut + 1)} /> : <All />;
}

function All() {
  const list = useResource<List<Link>>(`${healing}/links`, fresh);
  return (
    <section aria-label="All links">
      <p class="muted">A link says who calls whom. Its circuit is closed while everything passes.</p>
      <Items of={list} none="No link is declared. See docs/links.md, [[link]].">
        {(items) => (
          <ul class="rows">
            {items.map((l) => (
              <LinkRow key={`${l.from}/${l.to}`} l={l} />
            ))}
          </ul>
        )}
      </Items>
    </section>
  );
}

/** LinkRow is a link in a list. */
export function LinkRow({ l }: { l: Link }) {
  const s = l.proxy?.stats;
  return (
    <li>
      <a href={to("links", `${l.from}/${l.to}`)} data-row={`${l.from}/${l.to}`}>
        {l.from} → {l.to}
      </a>
      <Circuit l={l} />
      {l.proxy?.problem && <span class="wrap">{l.proxy.problem}</span>}
      <span class="muted">
        {s ? `${s.recent_bad} of the ${s.recent_requests} newest were bad, p99 ${ms(s.p99_ns)}` : by[l.control]}
        {l.reason && `, ${l.reason}`}
      </span>
    </li>
  );
}

const by = { proxy: "its proxy", command: "declared commands open it", none: "only declared: nobody can open it" };
const ms = (ns: number): string => figure(ns / 1e9, "s");

const Circuit = ({ l }: { l: Link }) => (
  <>
    <Badge is={l.state} />
    {l.hold && <Badge is="held open" tone="warn" />}
    {l.proxy && !l.proxy.running && <Badge is="down" text="its proxy does not run" />}
  </>
);

function One({ from, to: callee }: { from: string; to: string }) {
  const one = useResource<Link>(`${healing}/links/${encodeURIComponent(from)}/${encodeURIComponent(callee)}`, fresh);
  const refresh = () => void one.refresh();
  return (
    <>
      <p>
        <a href="#/links">All links</a>
      </p>
      <Load of={one}>
        {(l) => (
          <>
            <Section title={`${l.from} → ${l.to}`}>
              <Facts l={l} />
              {may("operator") && l.control !== "none" && <Orders l={l} refresh={refresh} />}
            </Section>
            {l.proxy && <Figures s={l.proxy.stats} />}
          </>
        )}
      </Load>
    </>
  );
}

function Orders({ l, refresh }: { l: Link; refresh: () => void }) {
  return (
    <div class="buttons">
      {!l.hold && (
        <button key="open" type="button" onClick={() => openLink(l, refresh)}>
          {l.state === "closed" ? "Open" : "Hold open"}
        </button>
      )}
      {l.state !== "closed" && (
        <button key="close" type="button" onClick={() => closeLink(l, refresh)}>
          Close
        </button>
      )}
    </div>
  );
}

function Facts({ l }: { l: Link }) {
  const p = l.proxy;
  return (
    <dl class="card">
      <Pair name="Circuit">
        <Circuit l={l} />
        {l.since && (
          <>
            {" "}
            since <Time at={l.since} as="full" />
          </>
        )}
        {l.try_at && (
          <>
            , next trial <Time at={l.try_at} />
          </>
        )}
      </Pair>
      {l.reason && <Pair name="Reason">{l.reason}</Pair>}
      <Pair name="From">
        <a href={to("components", l.from)}>{l.from}</a>
      </Pair>
      <Pair name="To">
        <a href={to("components", l.to)}>{l.to}</a>
      </Pair>
      {p ? (
        <>
          <Pair name="Passes">
            {p.type}, from {p.listen} to {p.target}
          </Pair>
          <Pair name="Proxy">
            {p.problem || (p.running ? `pid ${p.pid}, version ${p.version}` : "does not run")}
            {p.started && (
              <>
                , started <Time at={p.started} />
              </>
            )}
          </Pair>
        </>
      ) : (
        <Pair name="Opened by">{by[l.control]}</Pair>
      )}
    </dl>
  );
}

function Figures({ s }: { s: LinkStats }) {
  const rows: [string, string][] = [
    ["Let through", `${s.requests}, ${count(s.connections, "connection")} now`],
    ["Went wrong", `${s.errors} errors, ${s.slow} late, ${s.refused} refused`],
    ["Newest", `${s.recent_bad} of ${s.recent_requests} bad; half within ${ms(s.p50_ns)}, 90 % within ${ms(s.p90_ns)}, 99 % within ${ms(s.p99_ns)}`],
    ["Carried", `${figure(s.bytes_to_target, "B")} there, ${figure(s.bytes_from_target, "B")} back`],
    ...Object.entries(s.ended).map(([how, n]): [string, string] => [`Ended: ${how}`, String(n)]),
  ];
  return (
    <Section title="Since the proxy was started">
      <dl class="card">
        {rows.map(([name, text]) => (
          <Pair key={name} name={name}>
            {text}
          </Pair>
        ))}
      </dl>
    </Section>
  );
}
