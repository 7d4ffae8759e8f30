import { accountRecord } from "../core/account-record";
import { asStrings } from "../core/api";

const most = 18;
const usual = ["👍️", "❤️", "😂", "🎉", "😮", "😢", "🙏", "👀"];

/** The emoji that somebody chose here last, before those that most people want. */
export function recentEmoji(userId: string): string[] {
  return [...new Set([...chosenBy(userId), ...usual])].slice(0, most);
}

export function rememberEmoji(userId: string, character: string): void {
  const chosen = [character, ...chosenBy(userId).filter((each) => each !== character)];
  recordOf(userId).save(chosen.slice(0, most));
}

function chosenBy(userId: string): string[] {
  return recordOf(userId).find() ?? [];
}

function recordOf(userId: string): ReturnType<typeof accountRecord<string[]>> {
  return accountRecord(userId, "emoji", asStrings);
}
