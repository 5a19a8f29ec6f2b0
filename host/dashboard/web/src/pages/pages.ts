import { may } from "../state/session";

// The pages, in the order of the menu, and the key after "g" that leads to each.
export const pages: { name: string; title: string; key: string; admin?: true }[] = [
  { name: "overview", title: "Overview", key: "o" },
  { name: "components", title: "Components", key: "m" },
  { name: "incidents", title: "Incidents", key: "i" },
  { name: "approvals", title: "Approvals", key: "a" },
  { name: "changes", title: "Changes", key: "c" },
  { name: "anomalies", title: "Anomalies", key: "n" },
  { name: "signals", title: "Signals", key: "s" },
  { name: "links", title: "Links", key: "l" },
  { name: "strategies", title: "Strategies", key: "t" },
  { name: "plugins", title: "Plugins", key: "p" },
  { name: "safety", title: "Safety", key: "f" },
  { name: "audit", title: "Audit log", key: "u" },
  { name: "tokens", title: "Tokens", key: "k", admin: true },
];

/** offeredPages are those that whoever is signed in has something to do on. */
export const offeredPages = () => pages.filter((p) => !p.admin || may("admin"));
