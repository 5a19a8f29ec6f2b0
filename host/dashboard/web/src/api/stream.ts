// Reads server-sent events with fetch, so that the heartbeat is seen (EventSource
// hides it) and a stream that went silent is told from one that has no news.

export interface News {
  topic: string;
  data: string;
}

const silent = 40_000; // the daemon's heartbeat comes every 15 s

/** readEvents calls back for each event until the stream ends; it throws when that was not wanted. */
export async function readEvents(path: string, stop: AbortSignal, on: { open: () => void; news: (n: News) => void }): Promise<void> {
  const cut = new AbortController();
  const end = () => cut.abort();
  stop.addEventListener("abort", end);
  let watchdog = setTimeout(end, silent);
  try {
    const answer = await fetch(path, { signal: cut.signal, cache: "no-store", headers: { Accept: "text/event-stream" } });
    if (!answer.ok || !answer.body) throw new StreamRefused(answer.status);
    on.open();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    const parse = parser(on.news);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(watchdog);
      watchdog = setTimeout(end, silent);
      parse(value);
    }
  } finally {
    clearTimeout(watchdog);
    stop.removeEventListener("abort", end);
    cut.abort();
  }
}

export class StreamRefused extends Error {
  constructor(readonly status: number) {
    super(`status ${status}`);
  }
}

/** parser returns a function that takes pieces of a stream and calls back for each whole event. */
export function parser(news: (n: News) => void): (piece: string) => void {
  let rest = "";
  let topic = "message";
  let data: string[] = [];
  const line = (text: string) => {
    if (text === "") {
      if (data.length > 0) news({ topic, data: data.join("\n") });
      topic = "message";
      data = [];
    } else if (text.startsWith("event:")) topic = text.slice(6).trim();
    else if (text.startsWith("data:")) data.push(text.slice(5).replace(/^ /, ""));
  };
  return (piece) => {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) line(text.replace(/\r$/, ""));
  };
}
