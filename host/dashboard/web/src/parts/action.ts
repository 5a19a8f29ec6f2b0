import type { Action } from "../api/types";

/** describe says what an action would do, in a line. */
export function describe({ kind, args }: Action): string {
  const verb = kind.replaceAll("_", " ");
  switch (kind) {
    case "set_parameters": {
      const values = Object.entries(args.values ?? {}).map(([name, v]) => `${name} = ${v.choice ?? v.number ?? 0}`);
      return `set parameters of ${args.component}: ${values.join(", ")}`;
    }
    case "submit_change":
      return `change ${(args.files ?? []).map((f) => (f.delete ? `${f.path} (deleted)` : f.path)).join(", ") || "files"} in root ${args.root}`;
    case "rollback_change":
      return `roll back change ${args.change}`;
    case "open_link":
    case "close_link":
      return `${verb} ${args.from} → ${args.to}`;
    case "run_declared":
      return `run the declared command ${args.name} of ${args.component}`;
    case "hand_over":
      return `call a person: ${args.message ?? ""}`;
  }
  return `${verb} ${args.component ?? ""}`.trim();
}
