/** What a link between people and rooms leads to. https://spec.matrix.org/v1.19/appendices/#uris */
export type MatrixTarget =
  | { readonly kind: "user"; readonly userId: string }
  | { readonly kind: "room"; readonly room: string; readonly eventId: string | null; readonly via: readonly string[] };

const sigils: Readonly<Record<string, string>> = { u: "@", r: "#", roomid: "!" };

/** Reads a matrix.to link or a `matrix:` URI; null for every other text. */
export function parseMatrixLink(link: string): MatrixTarget | null {
  const matrixTo = /^https?:\/\/matrix\.to\/#\/([^/?]+)(?:\/([^?/]*))?(?:\?(.*))?$/.exec(link);
  if (matrixTo?.[1]) return target(decoded(matrixTo[1]), decoded(matrixTo[2] ?? ""), matrixTo[3]);
  const uri = /^matrix:(u|r|roomid)\/([^/?]+)(?:\/e\/([^?/]+))?(?:\?(.*))?$/.exec(link);
  if (!uri?.[1] || !uri[2]) return null;
  const eventId = uri[3] ? `$${decoded(uri[3])}` : "";
  return target(`${sigils[uri[1]]}${decoded(uri[2])}`, eventId, uri[4]);
}

function target(id: string, eventId: string, query: string | undefined): MatrixTarget | null {
  if (/^@[^\s:]+:\S+$/.test(id)) return { kind: "user", userId: id };
  if (!/^(![^\s]+|#[^\s:]+:\S+)$/.test(id)) return null;
  const via = new URLSearchParams(query ?? "").getAll("via");
  return { kind: "room", room: id, eventId: eventId.startsWith("$") ? eventId : null, via };
}

/** A link to a person, a room or a message that every Matrix client understands. */
export function matrixLink(id: string, eventId: string | null = null, via: readonly string[] = []): string {
  const path = [id, ...(eventId === null ? [] : [eventId])].map(encoded).join("/");
  const query = via.map((server) => `via=${encodeURIComponent(server)}`).join("&");
  return `https://matrix.to/#/${path}${query && `?${query}`}`;
}

function encoded(id: string): string {
  return encodeURIComponent(id).replaceAll("%3A", ":").replaceAll("%40", "@").replaceAll("%21", "!");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
