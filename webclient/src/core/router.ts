import { signal, type ReadonlySignal } from "@preact/signals";

/** Where in the client somebody is. The address keeps it in the fragment, so a server needs to serve one page only. */
export type Route =
  | { readonly page: "home" }
  | { readonly page: "login" }
  | { readonly page: "register" }
  | { readonly page: "room"; readonly roomId: string };

export function parseRoute(hash: string): Route {
  const [page, argument] = hash.replace(/^#\/?/, "").split("/");
  if (page === "login" || page === "register") return { page };
  if (page === "room" && argument) {
    const roomId = decoded(argument);
    if (roomId.startsWith("!")) return { page, roomId };
  }
  return { page: "home" };
}

export function formatRoute(route: Route): string {
  if (route.page === "home") return "#/";
  if (route.page === "room") return `#/room/${encodeURIComponent(route.roomId).replaceAll("%3A", ":")}`;
  return `#/${route.page}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The page's address as a signal. */
export class Router {
  readonly route: ReadonlySignal<Route>;
  private readonly current;

  constructor(private readonly page: Window) {
    this.route = this.current = signal(parseRoute(page.location.hash));
    page.addEventListener("hashchange", () => {
      this.current.value = parseRoute(page.location.hash);
    });
  }

  /** Goes there; `replace` leaves no step behind for the browser's back button. */
  go(route: Route, options: { replace?: boolean } = {}): void {
    const hash = formatRoute(route);
    if (hash === this.page.location.hash) return;
    if (options.replace) this.page.history.replaceState(null, "", hash);
    else this.page.history.pushState(null, "", hash);
    this.current.value = route;
  }
}
