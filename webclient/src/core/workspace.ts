import type { MatrixClient } from "matrix-js-sdk";
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { Dialogs } from "./dialogs";
import type { Media } from "./media/media";
import type { Preferences } from "./preferences";
import type { Encryption } from "./encryption/encryption";
import type { Router } from "./router";
import type { Session } from "./session";
import type { Connection } from "./sync";

/** What every feature of a logged-in client may use. */
export interface Workspace {
  readonly client: MatrixClient;
  readonly connection: Connection;
  readonly media: Media;
  readonly router: Router;
  readonly dialogs: Dialogs;
  readonly preferences: Preferences;
  readonly session: Session;
  readonly encryption: Encryption;
  readonly userId: string;
  /** Ends the session here and on the server, and forgets what this browser keeps of the account. */
  readonly logOut: () => Promise<void>;
}

export const WorkspaceContext = createContext<Workspace | null>(null);

export function useWorkspace(): Workspace {
  const workspace = useContext(WorkspaceContext);
  if (!workspace) throw new Error("This view is only for a logged-in client.");
  return workspace;
}
