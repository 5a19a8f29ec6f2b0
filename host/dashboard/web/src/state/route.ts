// Where the reader is: #/page or #/page/id.
import { signal } from "@preact/signals";

export interface Route {
  page: string;
  id: string;
}

function read(): Route {
  const [page = "", ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  let id = rest.join("/");
  try {
    id = decodeURIComponent(id);
  } catch {
    id = ""; // somebody typed half an escape
  }
  return { page: page || "overview", id };
}

export const route = signal<Route>(read());

addEventListener("hashchange", () => (route.value = read()));

export const to = (page: string, id = ""): string => `#/${page}${id && `/${encodeURIComponent(id)}`}`;

export function go(page: string, id = ""): void {
  location.hash = to(page, id);
}
