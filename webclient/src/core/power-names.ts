import { t } from "./texts";

/** What a power level is called. */
export function levelName(level: number): string {
  if (level === Infinity) return t().profile.creator;
  if (level === 100) return t().profile.admin;
  if (level === 50) return t().profile.moderator;
  return level === 0 ? t().profile.member : t().profile.level(level);
}
