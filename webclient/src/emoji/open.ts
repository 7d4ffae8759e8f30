import { h } from "preact";

import type { Dialogs } from "../core/dialogs";
import type { Place } from "../design/floating";

/** Offers all emoji beside a place; the picker is loaded when first wanted. */
export function openEmojiPicker(dialogs: Dialogs, place: Place, onPick: (character: string) => void): void {
  void import("./picker").then(({ EmojiPicker }) => {
    dialogs.show((close) =>
      h(EmojiPicker, {
        place,
        onClose: close,
        onPick: (character: string) => {
          close();
          onPick(character);
        },
      }),
    );
  });
}
