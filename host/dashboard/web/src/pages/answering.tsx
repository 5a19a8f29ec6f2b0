// Approving and rejecting, each with the dialog that asks once more.
import { healing, request } from "../api/client";
import type { Approval, List } from "../api/types";
import { describe } from "../parts/action";
import { ask } from "../parts/dialog";
import { Time } from "../parts/time";
import { now } from "../state/clock";
import type { Resource } from "../state/resource";

export const path = `${healing}/approvals`;

/** over says why an approval can no longer be answered, while a dialog is open. */
function over(a: Approval, from: Resource<List<Approval>>): string | undefined {
  const current = from.data.value?.items.find((x) => x.id === a.id);
  const state = current?.state ?? "pending";
  if (state === "superseded") return "This proposal was overtaken: what it was for has changed. Look at the list again.";
  if (state !== "pending") return `This approval is ${state} by now${current?.answer ? `: ${current.answer}` : ""}.`;
  if (current && current.hash !== a.hash) return "The proposal is another one by now. Close this and read it again.";
  if (Date.parse(a.expires) <= now.value) return "This approval has expired. If the trouble lasts, it is proposed once more.";
  return undefined;
}

const Doing = ({ a }: { a: Approval }) => (
  <>
    <ul class="plain">
      {a.proposal.actions.map((action) => (
        <li>
          <strong>{describe(action)}</strong>
        </li>
      ))}
    </ul>
    <p class="wrap">{a.reason}</p>
    {a.undo?.some((u) => u.class === "irreversible") && <p class="problem">Not all of this can be undone.</p>}
    <p class="muted">
      Expires <Time at={a.expires} />
    </p>
  </>
);

export function approve(a: Approval, from: Resource<List<Approval>>): void {
  ask({
    title: "Approve: do this now?",
    body: () => <Doing a={a} />,
    act: "Approve",
    over: () => over(a, from),
    run: async () => {
      try {
        await request<Approval>("POST", `${path}/${encodeURIComponent(a.id)}/approve`, { hash: a.hash });
      } finally {
        void from.refresh();
      }
      return `Approved: ${a.proposal.actions.map(describe).join(", ")}`;
    },
  });
}

export function reject(a: Approval, from: Resource<List<Approval>>): void {
  ask({
    title: "Reject this?",
    body: () => <Doing a={a} />,
    act: "Reject",
    asks: { label: "Why? Strategies and people learn from it.", required: true },
    over: () => over(a, from),
    run: async ({ text }) => {
      try {
        await request<Approval>("POST", `${path}/${encodeURIComponent(a.id)}/reject`, { reason: text });
      } finally {
        void from.refresh();
      }
      return `Rejected: ${a.proposal.actions.map(describe).join(", ")}`;
    },
  });
}
