// Who is signed in. The cookie itself is out of reach of scripts: the API says
// whose it is.
import { computed, signal } from "@preact/signals";
import { asProblem, listenForStranger, Problem, request, session as path } from "../api/client";
import type { Role, Session } from "../api/types";

/** who is undefined until it is known, null for nobody. */
export const who = signal<Session | null | undefined>(undefined);
/** unknown says why it is not known who is signed in. */
export const unknown = signal<Problem | null>(null);
/** wasSignedOut says that the session ended without being asked to. */
export const wasSignedOut = signal(false);

const ranks: Role[] = ["none", "reporter", "viewer", "agent", "operator", "admin"];

/** may says whether who is signed in has a role at least. The API asks again. */
export const may = (role: Role): boolean => who.value != null && ranks.indexOf(who.value.role) >= ranks.indexOf(role);

export const signedIn = computed(() => who.value != null);

listenForStranger(() => {
  if (who.value) wasSignedOut.value = true;
  who.value = null;
});

/** look asks who is signed in. */
export async function look(): Promise<void> {
  try {
    const found = await request<Session>("GET", path);
    const known = ranks.indexOf(found.role) >= ranks.indexOf("viewer");
    if (who.value && !known) wasSignedOut.value = true;
    who.value = known ? found : null;
    unknown.value = null;
  } catch (e) {
    unknown.value = asProblem(e);
  }
}

export async function signIn(token: string): Promise<void> {
  who.value = await request<Session>("POST", path, { token });
  wasSignedOut.value = false;
}

export async function signOut(): Promise<void> {
  await request("DELETE", path);
  who.value = null;
}
