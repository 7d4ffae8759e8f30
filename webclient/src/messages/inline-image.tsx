import type { JSX } from "preact";

import { useMedia } from "../core/media/use-media";
import { isMxc } from "./body";

const largestPx = 320;
const emoticonPx = 32;

/** An image in a text, such as an emoticon: of the media repository only, or its alternative text. */
export function InlineImage({ element }: { element: Element }): JSX.Element {
  const source = element.getAttribute("src") ?? "";
  const alt = element.getAttribute("alt") || element.getAttribute("title") || "";
  const isShown = isMxc(source);
  const { url } = useMedia(
    isShown ? { source, thumbnail: { width: largestPx, height: largestPx, method: "scale" } } : null,
  );
  const title = element.getAttribute("title") ?? undefined;
  const height = Math.min(Number(element.getAttribute("height")) || emoticonPx, largestPx);
  return url ? <img class="inline-image" src={url} alt={alt} title={title} height={height} /> : <span>{alt}</span>;
}
