import { h } from "preact";

import type { Dialogs } from "../core/dialogs";
import type { Media } from "./body";

/** Shows a picture as large as the window; its view is loaded when first wanted. */
export function openLightbox(dialogs: Dialogs, media: Media): void {
  void import("./lightbox-view").then(({ Lightbox }) => {
    dialogs.show((close) => h(Lightbox, { media, onClose: close }));
  });
}
