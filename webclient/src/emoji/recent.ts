import { asStrings } from "../core/api";
import { browserStorage, StoredRecord } from "../core/storage";

const most = 18;
const usual = ["👍️", "❤️", "😂", "🎉", "😮", "😢", "🙏", "👀"];

const record = new StoredRecord(browserStorage(), "hearth.emoji", (raw) => asStrings(raw).slice(0, most));

/** The emoji that were chosen here last, before those that most people want. */
export function recentEmoji(): string[] {
  return [...new Set([...(record.find() ?? []), ...usual])].slice(0, most);
}

export function rememberEmoji(character: string): void {
  record.save([character, ...(record.find() ?? []).filter((each) => each !== character)].slice(0, most));
}
