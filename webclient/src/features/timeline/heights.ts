/** So high is a row that was never drawn taken to be, in pixels. */
const assumedPx = 52;

/**
 * The heights of rows, of which only those that were drawn are known, and with them where each row is.
 *
 * The rows that are not drawn are replaced by space of their height: the scroll bar stays true, and the page holds few
 * elements however long the room is.
 */
export class RowHeights {
  private readonly known = new Map<string, number>();
  private keys: readonly string[] = [];
  /** `tops[i]` is where row i begins; the last is the height of all. */
  private tops = new Float64Array(1);
  private isStale = true;

  setKeys(keys: readonly string[]): void {
    this.keys = keys;
    this.isStale = true;
  }

  /** Answers whether that is news. */
  measured(key: string, heightPx: number): boolean {
    if (this.known.get(key) === heightPx) return false;
    this.known.set(key, heightPx);
    this.isStale = true;
    return true;
  }

  /** Forgets the measured heights, as when the width has changed. */
  forget(): void {
    this.known.clear();
    this.isStale = true;
  }

  topOf(index: number): number {
    this.refresh();
    return this.tops[Math.max(0, Math.min(index, this.keys.length))] ?? 0;
  }

  get totalPx(): number {
    return this.topOf(this.keys.length);
  }

  /** The row at so many pixels from the top; the last one beyond the end. */
  indexAt(offsetPx: number): number {
    this.refresh();
    let low = 0;
    let high = Math.max(this.keys.length - 1, 0);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.tops[middle] ?? 0) <= offsetPx) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private refresh(): void {
    if (!this.isStale) return;
    this.isStale = false;
    const tops = new Float64Array(this.keys.length + 1);
    let top = 0;
    this.keys.forEach((key, index) => {
      tops[index] = top;
      top += this.known.get(key) ?? assumedPx;
    });
    tops[this.keys.length] = top;
    this.tops = tops;
  }
}

export interface RowRange {
  readonly start: number;
  readonly end: number;
}

/** The rows to draw for what is in view: it, and half as much again as `marginPx` on both sides. */
export function rangeFor(heights: RowHeights, count: number, topPx: number, viewPx: number, marginPx: number): RowRange {
  if (count === 0) return { start: 0, end: 0 };
  const start = heights.indexAt(Math.max(0, topPx - marginPx));
  const end = Math.min(count, heights.indexAt(topPx + viewPx + marginPx) + 1);
  return { start, end };
}
