import type { RefObject } from "preact";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** So near to the end counts as being there. */
const bottomSlackPx = 48;
/** So near to the start the next older page is wanted. */
const topReachPx = 600;

interface ScrollInput {
  /** A new value whenever what is shown has changed. */
  readonly content: unknown;
  /** The key of the oldest and of the newest thing shown: a change of one says at which end the content grew. */
  readonly firstKey: string | null;
  readonly lastKey: string | null;
  readonly onNearTop: () => void;
}

export interface ScrollPosition {
  readonly isAtBottom: boolean;
  /** Something was added at the end while the user looked elsewhere. */
  readonly hasNewBelow: boolean;
  readonly jumpToBottom: () => void;
}

/** Keeps the end in view while the user is there, and what they read in place while older pages come in above. */
export function useTimelineScroll(frame: RefObject<HTMLElement | null>, input: ScrollInput): ScrollPosition {
  const [isAtBottom, setAtBottom] = useState(true);
  const [hasNewBelow, setNewBelow] = useState(false);
  const place = useRef({ isPinned: true, fromBottomPx: 0, firstKey: input.firstKey, lastKey: input.lastKey });
  const { onNearTop } = input;

  const note = useCallback(() => {
    const element = frame.current;
    if (!element) return;
    const fromBottomPx = element.scrollHeight - element.clientHeight - element.scrollTop;
    place.current.fromBottomPx = fromBottomPx;
    place.current.isPinned = fromBottomPx < bottomSlackPx;
    setAtBottom(place.current.isPinned);
    if (place.current.isPinned) setNewBelow(false);
    if (element.scrollTop < topReachPx) onNearTop();
  }, [frame, onNearTop]);

  const jumpToBottom = useCallback(() => {
    const element = frame.current;
    if (element) element.scrollTop = element.scrollHeight;
    note();
  }, [frame, note]);

  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const before = place.current;
    const grewAbove = before.firstKey !== input.firstKey;
    const grewBelow = before.lastKey !== input.lastKey;
    place.current = { ...before, firstKey: input.firstKey, lastKey: input.lastKey };
    if (before.isPinned) element.scrollTop = element.scrollHeight;
    else if (grewAbove) element.scrollTop = element.scrollHeight - element.clientHeight - before.fromBottomPx;
    if (grewBelow && !before.isPinned) setNewBelow(true);
    note();
  }, [input.content]);

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    // The composer growing or the window shrinking must not push the newest message out of view.
    const observer = new ResizeObserver(() => {
      if (place.current.isPinned) jumpToBottom();
    });
    observer.observe(element);
    element.addEventListener("scroll", note, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", note);
    };
  }, [frame, note, jumpToBottom]);

  return { isAtBottom, hasNewBelow, jumpToBottom };
}
