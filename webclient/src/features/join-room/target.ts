import { t } from "../../core/texts";

/** A room to join: its id or alias, and servers that may know it. */
export interface JoinTarget {
  readonly room: string;
  readonly via: readonly string[];
}

/**
 * Reads an id, an alias, or a matrix.to or `matrix:` link; `via` are more servers, separated by spaces or commas.
 *
 * A room's id need not name a server: since room version 12 it does not. Throws an Error with a sentence to show.
 * https://spec.matrix.org/v1.19/appendices/#uris
 */
export function parseTarget(typed: string, via: string): JoinTarget {
  const servers = via.split(/[\s,]+/).filter(Boolean);
  const text = typed.trim();
  const linked = fromMatrixTo(text) ?? fromMatrixUri(text);
  const room = linked?.room ?? text;
  if (!/^(![^\s]+|#[^\s:]+:[^\s]+)$/.test(room)) {
    throw new Error(t().failures.roomAddress);
  }
  return { room, via: [...new Set([...servers, ...(linked?.via ?? [])])] };
}

function fromMatrixTo(text: string): JoinTarget | null {
  const match = /^https?:\/\/matrix\.to\/#\/([^/?]+)(?:\/[^?]*)?(?:\?(.*))?$/.exec(text);
  return match?.[1] ? { room: decoded(match[1]), via: new URLSearchParams(match[2] ?? "").getAll("via") } : null;
}

function fromMatrixUri(text: string): JoinTarget | null {
  const match = /^matrix:(r|roomid)\/([^/?]+)(?:\/[^?]*)?(?:\?(.*))?$/.exec(text);
  if (!match?.[2]) return null;
  const sigil = match[1] === "r" ? "#" : "!";
  return { room: sigil + decoded(match[2]), via: new URLSearchParams(match[3] ?? "").getAll("via") };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
