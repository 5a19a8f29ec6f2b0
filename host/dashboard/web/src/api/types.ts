// The shapes of the API's answers, as far as the page reads them. A test holds
// them to what a real daemon answers.

export interface List<T> {
  items: T[];
  count: number;
  next?: string;
}

export type Role = "none" | "reporter" | "viewer" | "agent" | "operator" | "admin";
export type Mode = "manual" | "supervised" | "automated" | "learning";
export type Severity = "unknown" | "low" | "medium" | "high" | "critical";
export type Verdict = "pass" | "fail" | "inconclusive" | "warned" | "skipped";

export interface Session {
  name: string;
  role: Role;
  expires?: string;
}

export interface Plugin {
  name: string;
  kind: string;
  version: string;
  state: string;
  pid?: number;
  restarts: number;
  last_error?: string;
  learning?: string[];
  since: string;
  features?: string[];
}

export interface Maintenance {
  id: string;
  component?: string;
  start: string;
  end: string;
  reason: string;
  by: string;
}

export interface Status {
  active: boolean;
  mode: Mode;
  active_recoveries: number;
  auto_healing_rate: number;
  version: string;
  started_at: string;
  components: { up: number; failing: number; down: number; other: number; total: number };
  open_incidents: number;
  pending_approvals: number;
  plugins: Plugin[];
  maintenance: Maintenance[];
  config: string;
  config_error?: string;
}

export interface Probe {
  name: string;
  verdict: Verdict;
  latency_ns: number;
  text?: string;
  since: string;
}

export interface Component {
  name: string;
  kind: string;
  state: string;
  since: string;
  pid?: number;
  generation: number;
  probes?: Probe[];
  last_exit?: Exit;
  starts?: string[];
  restart_orders: number;
  next_try_at?: string;
  open_incident?: string;
  depends_on?: string[];
  mode: Mode;
}

export interface Evidence {
  component?: string;
  signal: string;
  value: number;
  low: number;
  high: number;
  unit?: string;
  text?: string;
}

export interface Anomaly {
  id: string;
  component: string;
  key: string;
  kind: string;
  signal?: string;
  severity: Severity;
  score: number;
  start: string;
  end: string;
  ended?: boolean;
  summary: string;
  evidence?: Evidence[];
  detector: string;
  open: boolean;
  first_seen: string;
  last_seen: string;
  incident?: string;
  suppressed?: string;
}

export interface Action {
  kind: string;
  args: {
    component?: string;
    name?: string;
    root?: string;
    change?: string;
    from?: string;
    to?: string;
    message?: string;
    reason?: string;
    values?: Record<string, { number?: number; choice?: string }>;
    files?: { path: string; delete?: boolean }[];
    grace_ns?: number;
    for_ns?: number;
  };
}

export interface Proposal {
  actions: Action[];
  reason: string;
  not_before: string;
  probing?: boolean;
  confidence?: number;
}

export interface Recovery {
  id: string;
  incident: string;
  component: string;
  strategy: string;
  proposal: Proposal;
  actions: string[] | null;
  proposed_at: string;
  started_at?: string;
  ended_at?: string;
  result: string;
  reason: string;
  text: string;
  steps: { at: string; text: string }[] | null;
}

export interface ChangeRef {
  id?: string;
  kind: string;
  component: string;
  root?: string;
  author?: string;
  applied: string;
  paths?: string[];
  text?: string;
}

export interface Known {
  at: string;
  changes: ChangeRef[];
  logs: { time: string; component: string; source: string; text: string; truncated?: boolean }[];
  suspects: { component: string; score: number; text: string }[];
  readings: { component: string; signal: string; value: number; unit?: string; at: string }[];
}

export interface Incident {
  id: string;
  component: string;
  components: string[];
  signature: string;
  severity: Severity;
  state: string;
  opened: string;
  resolved?: string;
  cause_text: string;
  next_try_at?: string;
  anomalies: Anomaly[];
  recoveries: Recovery[];
  history: { at: string; state: string; text: string }[];
  known?: Known;
}

export interface Undo {
  action: string;
  class: "harmless" | "reversible" | "irreversible";
  undo: string;
}

export interface Approval {
  id: string;
  incident: string;
  component: string;
  strategy: string;
  proposal: Proposal;
  hash: string;
  reason: string;
  evidence: string[];
  created: string;
  expires: string;
  state: "pending" | "approved" | "rejected" | "expired" | "superseded";
  answer?: string;
  undo?: Undo[];
}

export interface Check {
  value?: number;
  available_percent?: number;
  unit?: string;
  limit: number;
  healthy: boolean;
  verdict: Verdict;
  reason?: string;
}

export interface Safety {
  enabled: boolean;
  off?: { by: string; reason?: string; until: string };
  circuit_breaker: {
    state: "closed" | "open" | "half_open";
    metrics: { total_attempts: number; total_successes: number; success_rate: number; consecutive_failures: number };
  };
  health: { status: string; score: number; trend: string; checks: Record<string, Check> };
  rate_limit: { max_per_window: number; current_count: number };
  backup_count: number;
  open: Record<string, string>;
  rejected_changes: number;
}

export interface Refusal {
  rule: string;
  limit: string;
  value: string;
  hint: string;
  retry_after_seconds?: number;
}

export interface Change {
  id: string;
  root: string;
  component?: string;
  author: string;
  by: string;
  origin: string;
  reason?: string;
  undoes?: string;
  state: string;
  stage?: string;
  dry_run?: boolean;
  risk: string;
  reasons?: { path?: string; line?: number; rule: string; text: string; risk: string }[];
  reversible: boolean;
  paths: { path: string; before: string; after: string }[] | null;
  diff?: string;
  steps: { stage: string; verdict: Verdict; text: string; details?: string[]; at: string; ms: number }[] | null;
  refusals?: Refusal[];
  warnings?: string[];
  backup_id?: string;
  created: string;
  applied?: string;
  deadline?: string;
  ended?: string;
  why?: string;
  confirmed_by?: string;
  auto_rolled_back?: boolean;
}

export interface Signal {
  component: string;
  name: string;
  unit: string;
  kind: string;
  last: number;
  at: string;
}

export interface Samples {
  component: string;
  name: string;
  times: number[];
  values: number[];
}

export interface Strategy {
  name: string;
  rung?: number;
  ready: boolean;
  built_in?: boolean;
  ladders?: string[];
  resting?: { component: string; until: string }[];
}

export interface Score {
  strategy: string;
  component: string;
  tried: number;
  healed: number;
  failed: number;
  recorded: number;
  rejected: number;
  false_actions: number;
  minutes_saved: number;
  minutes_saveable: number;
  first?: string;
  last?: string;
  passes: boolean;
  lacks?: string;
  promoted_by?: string;
}

export interface Scoreboard extends List<Score> {
  bar: string;
}

export interface Modes {
  mode: Mode;
  live: boolean;
  configured: Mode;
  components: { component: string; mode: Mode; live: boolean; own: Mode; wins?: boolean }[];
}

export interface Done {
  ok: boolean;
  text?: string;
}

export interface Exit {
  code: number;
  signal?: string;
  expected: boolean;
}

export interface Happening {
  time: string;
  component: string;
  type: string;
  generation: number;
  pid?: number;
  exit?: Exit;
  probe?: Probe;
  text?: string;
}

export interface LinkStats {
  requests: number;
  ended: Record<string, number>;
  errors: number;
  slow: number;
  refused: number;
  connections: number;
  bytes_to_target: number;
  bytes_from_target: number;
  recent_requests: number;
  recent_bad: number;
  p50_ns: number;
  p90_ns: number;
  p99_ns: number;
}

export interface Link {
  from: string;
  to: string;
  control: "proxy" | "command" | "none";
  state: "closed" | "open" | "half_open";
  since?: string;
  hold?: boolean;
  reason?: string;
  try_at?: string;
  proxy?: {
    listen: string;
    target: string;
    type: "tcp" | "http";
    running: boolean;
    pid?: number;
    version?: string;
    started?: string;
    problem?: string;
    guards?: string[];
    stats: LinkStats;
  };
}

export interface AuditRecord {
  seq: number;
  time: string;
  actor: string;
  kind: string;
  fields: Record<string, unknown>;
  hash: string;
}

export interface AuditReport {
  ok: boolean;
  records: number;
  problem?: string;
}

export interface Token {
  id: string;
  name: string;
  role: Role;
  created: string;
  expires?: string;
}

export interface NewToken extends Token {
  token: string;
}
