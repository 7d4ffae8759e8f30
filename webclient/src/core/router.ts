import { signal, type ReadonlySignal } from "@preact/signals";

/** Where in the client somebody is. The address keeps it in the fragment, so a server needs to serve one page only. */
export type Route =
  | { readonly page: "home" }
  | { readonly page: "login" }
  | { readonly page: "register" }
  /** `eventId` is a message to show in its place. */
  | { readonly page: "room"; readonly roomId: string; readonly eventId?: string }
  | { readonly page: "room-settings"; readonly roomId: string; readonly section: string }
  | { readonly page: "settings"; readonly section: string };

const firstSection = "account";
const firstRoomSection = "general";

export function parseRoute(hash: string): Route {
  const [page, ...parts] = hash.replace(/^#\/?/, "").split("/");
  const [first, second, third] = parts.map(decoded);
  if (page === "login" || page === "register") return { page };
  if (page === "settings") return { page, section: first || firstSection };
  if (page === "room" && first?.startsWith("!")) {
    if (second === "settings") return { page: "room-settings", roomId: first, section: third || firstRoomSection };
    return { page, roomId: first, ...(second?.startsWith("$") && { eventId: second }) };
  }
  return { page: "home" };
}

export function formatRoute(route: Route): string {
  switch (route.page) {
    case "home":
      return "#/";
    case "room":
      return `#/room/${encoded(route.roomId)}${route.eventId ? `/${encoded(route.eventId)}` : ""}`;
    case "room-settings":
      return `#/room/${encoded(route.roomId)}/settings/${encoded(route.section)}`;
    case "settings":
      return `#/settings/${encoded(route.section)}`;
    default:
      return `#/${route.page}`;
  }
}

function encoded(part: string): string {
  return encodeURIComponent(part).replaceAll("%3A", ":");
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
    page.addEventListener("hashchange", this.read);
    // `pushState` raises no hashchange on the way back to what it left.
    page.addEventListener("popstate", this.read);
  }

  /** Goes there; `replace` leaves no step behind for the browser's back button. */
  go(route: Route, options: { replace?: boolean } = {}): void {
    const hash = formatRoute(route);
    if (hash === this.page.location.hash) return;
    if (options.replace) this.page.history.replaceState(null, "", hash);
    else this.page.history.pushState(null, "", hash);
    this.current.value = route;
  }

  private readonly read = (): void => {
    const route = parseRoute(this.page.location.hash);
    if (formatRoute(route) !== formatRoute(this.current.peek())) this.current.value = route;
  };
}
