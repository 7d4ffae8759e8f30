import type { Media } from "./body";

const widestPx = 480;
const highestPx = 340;
const stickerPx = 200;
const smallestPx = 48;

/** The size at which a picture stands among messages, in pixels; of the shape that its sender tells, within bounds. */
export function fittedSize({ kind, width, height }: Pick<Media, "kind" | "width" | "height">): { width: number; height: number } {
  const most = kind === "sticker" ? { width: stickerPx, height: stickerPx } : { width: widestPx, height: highestPx };
  if (width === null || height === null) return { width: Math.min(320, most.width), height: Math.min(240, most.height) };
  // A claim of a million to one would make a line nobody sees.
  const ratio = Math.min(Math.max(width / height, 1 / 4), 8);
  const fitted = Math.min(most.width, width, most.height * ratio);
  const shown = Math.max(Math.round(fitted), smallestPx);
  return { width: shown, height: Math.max(Math.round(shown / ratio), smallestPx / 2) };
}
