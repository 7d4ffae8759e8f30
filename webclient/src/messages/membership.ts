import { t } from "../core/texts";

/** A change of somebody's membership, in plain values. */
export interface MembershipChange {
  readonly before: string;
  readonly now: string;
  /** The sender is the member. */
  readonly isOwn: boolean;
  readonly actor: string;
  readonly target: string;
  readonly nameBefore: string | null;
  readonly nameNow: string | null;
  readonly pictureChanged: boolean;
  readonly reason: string | null;
}

/** One line about the change, or null when there is nothing to tell. https://spec.matrix.org/v1.19/client-server-api/#mroommember */
export function membershipText(change: MembershipChange): string | null {
  const line = change.before === "join" && change.now === "join" ? profileLine(change) : membershipLine(change);
  return line !== null && change.reason ? `${line}: ${change.reason}` : line;
}

function membershipLine({ before, now, isOwn, actor, target }: MembershipChange): string | null {
  switch (now) {
    case "join":
      return t().notices.joined(target);
    case "invite":
      return t().notices.invited(actor, target);
    case "knock":
      return t().notices.knocked(target);
    case "ban":
      return t().notices.banned(actor, target);
    case "leave":
      return isOwn ? ownLeaveLine(before, target) : othersLeaveLine(before, actor, target);
    default:
      return null;
  }
}

function ownLeaveLine(before: string, target: string): string {
  if (before === "invite") return t().notices.declined(target);
  return before === "knock" ? t().notices.knockTakenBack(target) : t().notices.left(target);
}

function othersLeaveLine(before: string, actor: string, target: string): string {
  if (before === "invite") return t().notices.inviteTakenBack(actor, target);
  if (before === "knock") return t().notices.knockRefused(actor, target);
  return before === "ban" ? t().notices.unbanned(actor, target) : t().notices.removed(actor, target);
}

function profileLine({ nameBefore, nameNow, pictureChanged, target }: MembershipChange): string | null {
  if (nameBefore !== nameNow) {
    if (nameBefore === null) return t().notices.choseName(target);
    return nameNow === null ? t().notices.nameDropped(nameBefore) : t().notices.renamed(nameBefore, nameNow);
  }
  return pictureChanged ? t().notices.picture(target) : null;
}
