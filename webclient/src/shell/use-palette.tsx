import { useEffect, useRef } from "preact/hooks";

import type { Dialogs } from "../core/dialogs";
import { t } from "../core/texts";
import { useWorkspace } from "../core/workspace";
import { Palette } from "../features/palette/view";
import type { PaletteCommand } from "../features/palette/state";

/** What the palette can do, besides opening rooms. */
export interface PaletteActions {
  readonly create: () => void;
  readonly join: () => void;
  readonly explore: () => void;
  readonly open: (roomId: string) => void;
  readonly openPerson: (userId: string) => void;
  readonly more: readonly PaletteCommand[];
}

let isOpen = false;

export function openPalette(dialogs: Dialogs, actions: PaletteActions): void {
  if (isOpen) return;
  isOpen = true;
  dialogs.show((close) => (
    <Palette
      commands={commandsOf(actions)}
      onRoom={actions.open}
      onPerson={actions.openPerson}
      onClose={() => {
        isOpen = false;
        close();
      }}
    />
  ));
}

function commandsOf(actions: PaletteActions): PaletteCommand[] {
  return [
    { id: "create", label: t().shell.createRoom, icon: "add", run: actions.create },
    { id: "join", label: t().shell.joinRoom, icon: "enter", run: actions.join },
    { id: "explore", label: t().directory.title, icon: "compass", run: actions.explore },
    ...actions.more,
  ];
}

/** Ctrl+K, or Cmd+K, opens the palette from anywhere. */
export function usePaletteKey(actions: PaletteActions): void {
  const { dialogs } = useWorkspace();
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      event.preventDefault();
      openPalette(dialogs, latest.current);
    };
    window.addEventListener("keydown", onKey);
    return () => {
      window.removeEventListener("keydown", onKey);
      isOpen = false;
    };
  }, [dialogs]);
}
