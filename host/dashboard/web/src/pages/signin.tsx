import { useState } from "preact/hooks";
import { asProblem, type Problem } from "../api/client";
import { ProblemBox } from "../parts/load";
import { forget } from "../state/resource";
import { look, signIn, unknown, wasSignedOut } from "../state/session";

/** SignIn takes a token and keeps nothing of it. */
export function SignIn() {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (e: SubmitEvent) => {
    e.preventDefault();
    const form = e.currentTarget as HTMLFormElement;
    const field = form.elements.namedItem("token") as HTMLInputElement;
    setBusy(true);
    setProblem(null);
    try {
      forget();
      await signIn(field.value.trim());
    } catch (err) {
      setProblem(asProblem(err));
      setBusy(false);
      field.select();
    }
  };
  return (
    <main class="signin">
      <h1>Homeostat</h1>
      {wasSignedOut.value && <p role="status">Your session ended. Sign in again to go on where you were.</p>}
      <form onSubmit={submit}>
        <label for="token">Token</label>
        <input id="token" name="token" type="password" autocomplete="off" autocapitalize="off" spellcheck={false} required autofocus />
        <button type="submit" class="main" disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
      </form>
      {problem && <ProblemBox problem={problem} />}
      <details>
        <summary>Where do I get a token?</summary>
        <p>
          The first start of the daemon writes one to the file <code>admin-token</code> in its state folder and prints the path. More are made with{" "}
          <code>homeostat token create --name NAME --role viewer</code>; roles are viewer, operator and admin.
        </p>
      </details>
    </main>
  );
}

/** Unreachable is shown when it cannot be found out who is signed in. */
export function Unreachable() {
  const problem = unknown.value;
  return (
    <main class="signin">
      <h1>Homeostat</h1>
      {problem ? <ProblemBox problem={problem} again={() => void look()} /> : <p class="muted">Loading…</p>}
    </main>
  );
}
