import { parseMatrixLink } from "../../core/permalink";
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
  const linked = parseMatrixLink(text);
  if (linked?.kind === "room") return { room: linked.room, via: [...new Set([...servers, ...linked.via])] };
  if (!/^(![^\s]+|#[^\s:]+:[^\s]+)$/.test(text)) throw new Error(t().failures.roomAddress);
  return { room: text, via: [...new Set(servers)] };
}
