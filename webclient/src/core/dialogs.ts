import { signal, type ReadonlySignal } from "@preact/signals";
import type { JSX } from "preact";

/** Draws a dialog; `close` takes it away again. */
export type DrawDialog = (close: () => void) => JSX.Element;

export interface OpenDialog {
  readonly key: number;
  readonly draw: DrawDialog;
  readonly close: () => void;
}

/** The dialogs that are open, the topmost last. The shell draws them, so that one outlives the view that opened it. */
export class Dialogs {
  readonly open: ReadonlySignal<readonly OpenDialog[]>;
  private readonly current = signal<readonly OpenDialog[]>([]);
  private count = 0;

  constructor() {
    this.open = this.current;
  }

  /** Opens one on top of the others; answers what closes it. */
  show(draw: DrawDialog): () => void {
    const key = ++this.count;
    const close = (): void => {
      this.current.value = this.current.peek().filter((each) => each.key !== key);
    };
    this.current.value = [...this.current.peek(), { key, draw, close }];
    return close;
  }

  closeAll(): void {
    this.current.value = [];
  }
}
