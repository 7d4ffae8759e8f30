import type { RefObject } from "preact";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { rangeFor, RowHeights, type RowRange } from "./heights";
import type { Row } from "./rows";

/** So near to the end counts as being there. */
const bottomSlackPx = 48;
/** Rows are drawn so far beyond what is in view. */
const marginPx = 900;
/** So near to an edge the next page is wanted. */
const reachPx = 1_200;
/** Before the frame was measured. */
const assumedViewPx = 900;

interface WindowInput {
  readonly rows: readonly Row[];
  readonly me: string;
  /** The newest message is among the rows. */
  readonly isAtEnd: boolean;
  readonly onNearTop: () => void;
  readonly onNearBottom: () => void;
}

export interface RowWindow {
  readonly range: RowRange;
  readonly isAtBottom: boolean;
  /** How many messages were added at the end while the user looked elsewhere. */
  readonly newBelow: number;
  readonly jumpToBottom: () => void;
  /** Brings a row into the middle of the view; answers whether there is such a row. */
  readonly showRow: (key: string) => boolean;
}

interface Elements {
  readonly frame: RefObject<HTMLElement | null>;
  readonly list: RefObject<HTMLElement | null>;
  readonly above: RefObject<HTMLElement | null>;
  readonly below: RefObject<HTMLElement | null>;
}

/** What stays in place while rows come and go: a row, and how far below the upper edge of the view it begins. */
interface Anchor {
  readonly key: string;
  readonly offsetPx: number;
}

/**
 * Draws the rows around the view only. Keeps the end in view while the user is there, and what they read in place while
 * rows above it come, go, or turn out higher than thought.
 */
export function useRowWindow(elements: Elements, input: WindowInput): RowWindow {
  const [, draw] = useState(0);
  const [isAtBottom, setAtBottom] = useState(true);
  const [newBelow, setNewBelow] = useState(0);
  const held = useRef<WindowPosition | null>(null);
  const position = (held.current ??= new WindowPosition());
  position.take(input.rows);
  const latest = useRef(input);
  latest.current = input;

  const range = position.range(elements.frame.current);
  const drawAgain = useCallback(() => draw((count) => count + 1), []);

  const settle = useCallback(() => {
    const { frame, list, above, below } = elements;
    if (!frame.current || !list.current || !above.current || !below.current) return;
    position.measure(list.current);
    const drawn = position.drawn;
    above.current.style.height = `${position.heights.topOf(drawn.start)}px`;
    below.current.style.height = `${position.heights.totalPx - position.heights.topOf(drawn.end)}px`;
    position.restore(frame.current, list.current);
    if (!position.covers(frame.current, list.current)) drawAgain();
  }, []);

  const note = useCallback(() => {
    const frame = elements.frame.current;
    const list = elements.list.current;
    if (!frame || !list) return;
    position.note(frame, list, latest.current.isAtEnd);
    setAtBottom(position.isPinned);
    if (position.isPinned) setNewBelow(0);
    if (!position.covers(frame, list)) drawAgain();
    if (frame.scrollTop < reachPx) latest.current.onNearTop();
    if (frame.scrollHeight - frame.scrollTop - frame.clientHeight < reachPx) latest.current.onNearBottom();
  }, []);

  const jumpToBottom = useCallback(() => {
    position.isPinned = true;
    setAtBottom(true);
    setNewBelow(0);
    drawAgain();
  }, []);

  const showRow = useCallback((key: string): boolean => {
    if (!position.hold(key, (elements.frame.current?.clientHeight ?? assumedViewPx) / 3)) return false;
    setAtBottom(false);
    drawAgain();
    return true;
  }, []);

  useLayoutEffect(() => {
    const added = position.addedBelow(latest.current.me);
    if (added.own > 0 && latest.current.isAtEnd) position.isPinned = true;
    else if (!position.isPinned && added.others > 0) setNewBelow((count) => count + added.others);
  }, [input.rows]);

  useLayoutEffect(() => {
    position.drawn = range;
    settle();
    note();
  });

  useEffect(() => {
    const frame = elements.frame.current;
    const list = elements.list.current;
    if (!frame || !list) return undefined;
    let width = frame.clientWidth;
    // Pictures that arrive, a composer that grows, a window that shrinks: nothing of it may move what is read.
    const observer = new ResizeObserver(() => {
      if (frame.clientWidth !== width) position.heights.forget();
      width = frame.clientWidth;
      settle();
    });
    observer.observe(frame);
    observer.observe(list);
    frame.addEventListener("scroll", note, { passive: true });
    return () => {
      observer.disconnect();
      frame.removeEventListener("scroll", note);
    };
  }, []);

  return { range, isAtBottom, newBelow, jumpToBottom, showRow };
}

/** Where in the rows the view is. */
class WindowPosition {
  readonly heights = new RowHeights();
  isPinned = true;
  drawn: RowRange = { start: 0, end: 0 };
  private rows: readonly Row[] = [];
  private indexes = new Map<string, number>();
  private anchor: Anchor | null = null;
  private lastKey: string | null = null;

  take(rows: readonly Row[]): void {
    if (rows === this.rows) return;
    this.rows = rows;
    this.indexes = new Map(rows.map(({ key }, index) => [key, index]));
    this.heights.setKeys(rows.map(({ key }) => key));
  }

  /** The rows to draw now. */
  range(frame: HTMLElement | null): RowRange {
    const viewPx = frame?.clientHeight || assumedViewPx;
    const index = this.anchor && this.indexes.get(this.anchor.key);
    const topPx =
      this.isPinned || !this.anchor || index == null
        ? this.heights.totalPx - viewPx
        : this.heights.topOf(index) - this.anchor.offsetPx;
    return rangeFor(this.heights, this.rows.length, topPx, viewPx, marginPx);
  }

  measure(list: HTMLElement): void {
    for (const element of list.children) {
      const key = (element as HTMLElement).dataset["key"];
      if (key !== undefined) this.heights.measured(key, element.getBoundingClientRect().height);
    }
  }

  /** Puts the view back where it was. */
  restore(frame: HTMLElement, list: HTMLElement): void {
    if (this.isPinned) {
      frame.scrollTop = frame.scrollHeight;
      return;
    }
    const index = this.anchor && this.indexes.get(this.anchor.key);
    if (!this.anchor || index == null) return;
    const wantedPx = list.offsetTop + this.topInList(index) - this.anchor.offsetPx;
    if (Math.abs(frame.scrollTop - wantedPx) >= 1) frame.scrollTop = wantedPx;
  }

  /** Remembers what the user has scrolled to. */
  note(frame: HTMLElement, list: HTMLElement, isAtEnd: boolean): void {
    const fromBottomPx = frame.scrollHeight - frame.clientHeight - frame.scrollTop;
    this.isPinned = isAtEnd && fromBottomPx < bottomSlackPx;
    const topPx = frame.scrollTop - (list.offsetTop - this.heights.topOf(this.drawn.start));
    const row = this.rows[this.heights.indexAt(Math.max(0, topPx))];
    if (!row) return;
    const index = this.indexes.get(row.key) ?? 0;
    this.anchor = { key: row.key, offsetPx: this.heights.topOf(index) - topPx };
  }

  hold(key: string, offsetPx: number): boolean {
    if (!this.indexes.has(key)) return false;
    this.isPinned = false;
    this.anchor = { key, offsetPx };
    return true;
  }

  /** Whether all that is in view, and something around it, is drawn. */
  covers(frame: HTMLElement, list: HTMLElement): boolean {
    const topPx = frame.scrollTop - list.offsetTop;
    const heightPx = this.heights.topOf(this.drawn.end) - this.heights.topOf(this.drawn.start);
    const isCoveredAbove = this.drawn.start === 0 || topPx > marginPx / 3;
    const isCoveredBelow =
      this.drawn.end >= this.rows.length || topPx + frame.clientHeight < heightPx - marginPx / 3;
    return isCoveredAbove && isCoveredBelow;
  }

  /** Messages that came in at the end since the last call. */
  addedBelow(me: string): { own: number; others: number } {
    const before = this.lastKey === null ? undefined : this.indexes.get(this.lastKey);
    this.lastKey = this.rows.at(-1)?.key ?? null;
    const added = before === undefined ? [] : this.rows.slice(before + 1).filter((row) => row.kind === "message");
    const own = added.filter((row) => row.entry.senderId === me && row.entry.delivery === "sending").length;
    return { own, others: added.filter((row) => row.entry.senderId !== me).length };
  }

  private topInList(index: number): number {
    return this.heights.topOf(index) - this.heights.topOf(this.drawn.start);
  }
}
