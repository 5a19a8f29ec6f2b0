// What the page knows of the API's answers: each path once, read again when an
// event of its topics comes, and kept while the connection is lost.
import { type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { asProblem, type Problem, request } from "../api/client";
import { hear } from "./live";

export interface Resource<T> {
  readonly data: Signal<T | undefined>;
  readonly problem: Signal<Problem | null>;
  /** refresh reads it again; calls while it is being read are joined. */
  refresh(): Promise<void>;
}

export interface Wants {
  /** topics are the events after which it is read again. */
  topics?: string[];
  /** every is a time in milliseconds after which it is read again without an event. */
  every?: number;
}

const calm = 200; // events come in bursts
const most = 40; // answers that are kept though nobody shows them

class Answer<T> implements Resource<T> {
  readonly data = signal<T | undefined>(undefined);
  readonly problem = signal<Problem | null>(null);
  users = 0;
  private running: Promise<void> | null = null;
  private again = false;
  private soon: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly path: string) {}

  refresh(): Promise<void> {
    if (this.running) {
      this.again = true;
      return this.running;
    }
    this.running = this.read().finally(() => (this.running = null));
    return this.running;
  }

  later(): void {
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      void this.refresh();
    }, calm);
  }

  private async read(): Promise<void> {
    do {
      this.again = false;
      try {
        this.data.value = await request<T>("GET", this.path);
        this.problem.value = null;
      } catch (e) {
        this.problem.value = asProblem(e);
      }
    } while (this.again);
  }
}

const known = new Map<string, Answer<unknown>>();

/** forget drops all answers, when somebody else signs in. */
export const forget = (): void => known.clear();

/** useResource reads a path for as long as the component is shown. */
export function useResource<T>(path: string, wants: Wants = {}): Resource<T> {
  const answer = useMemo(() => {
    const found = known.get(path) ?? new Answer<unknown>(path);
    known.set(path, found);
    return found as Answer<T>;
  }, [path]);
  useEffect(() => {
    answer.users++;
    void answer.refresh();
    const deaf = hear((n) => {
      if (n === null || wants.topics?.includes(n.topic)) answer.later();
    });
    const timer = wants.every ? setInterval(() => document.hidden || answer.later(), wants.every) : undefined;
    return () => {
      deaf();
      clearInterval(timer);
      if (--answer.users === 0 && known.size > most) known.delete(path);
    };
  }, [answer]);
  return answer;
}
