// Asks the API as whoever is signed in. Every failure becomes a Problem with
// something to read; a lost identity is told to whoever listens.

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly retryAfter?: string,
  ) {
    super(detail);
  }
}

interface ProblemBody {
  title?: string;
  detail?: string;
  errors?: { message?: string; location?: string }[];
}

let onStranger: () => void = () => {};

/** listenForStranger says what happens when the API no longer knows who asks. */
export function listenForStranger(fn: () => void): void {
  onStranger = fn;
}

export async function problemOf(answer: Response): Promise<Problem> {
  const text = await answer.text().catch(() => "");
  let body: ProblemBody = {};
  try {
    body = JSON.parse(text) as ProblemBody;
  } catch {
    body = { detail: text.trim() };
  }
  const more = (body.errors ?? []).map((e) => [e.location, e.message].filter(Boolean).join(": ")).filter(Boolean);
  const detail = [body.detail, ...more].filter(Boolean).join("; ");
  const title = body.title || answer.statusText || `status ${answer.status}`;
  return new Problem(answer.status, title, detail, answer.headers.get("Retry-After") ?? undefined);
}

const offline = "The daemon does not answer. It may have stopped, or the network is gone.";

/** request sends one request and returns its JSON; it throws a Problem. */
export async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method, cache: "no-store", credentials: "same-origin" };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch {
    throw new Problem(0, "No connection", offline);
  }
  if (!answer.ok) {
    const problem = await problemOf(answer);
    if (answer.status === 401 && path !== session) onStranger();
    throw problem;
  }
  return parsed<T>(await whole(answer));
}

/** whole reads the body; one that is cut off is as good as no answer. */
async function whole(answer: Response): Promise<string> {
  try {
    return await answer.text();
  } catch {
    throw new Problem(0, "No connection", offline);
  }
}

function parsed<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new Problem(0, "Not an answer of Homeostat", `This came instead: ${text.slice(0, 200)}`);
  }
}

export const asProblem = (e: unknown): Problem =>
  e instanceof Problem ? e : new Problem(0, "This page has a fault", e instanceof Error ? e.message : String(e));

export const healing = "/api/v0/self-healing";
export const changes = "/api/v0/self-modification";
export const session = "/api/v0/session";
