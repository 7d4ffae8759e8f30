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
      return `${target} joined`;
    case "invite":
      return `${actor} invited ${target}`;
    case "knock":
      return `${target} asked to join`;
    case "ban":
      return `${actor} banned ${target}`;
    case "leave":
      return isOwn ? ownLeaveLine(before, target) : othersLeaveLine(before, actor, target);
    default:
      return null;
  }
}

function ownLeaveLine(before: string, target: string): string {
  if (before === "invite") return `${target} declined the invite`;
  return before === "knock" ? `${target} took back the request to join` : `${target} left`;
}

function othersLeaveLine(before: string, actor: string, target: string): string {
  if (before === "invite") return `${actor} took back the invite to ${target}`;
  if (before === "knock") return `${actor} refused ${target}'s request to join`;
  return before === "ban" ? `${actor} lifted the ban on ${target}` : `${actor} removed ${target}`;
}

function profileLine({ nameBefore, nameNow, pictureChanged, target }: MembershipChange): string | null {
  if (nameBefore !== nameNow) {
    if (nameBefore === null) return `${target} chose a name`;
    return nameNow === null ? `${nameBefore} removed their name` : `${nameBefore} is now ${nameNow}`;
  }
  return pictureChanged ? `${target} changed their picture` : null;
}
