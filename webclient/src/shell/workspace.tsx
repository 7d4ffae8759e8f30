import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";

import { clientFor } from "../core/client";
import { Dialogs } from "../core/dialogs";
import { Media } from "../core/media/media";
import type { Preferences } from "../core/preferences";
import type { Router } from "../core/router";
import type { Credentials, Session } from "../core/session";
import { Connection } from "../core/sync";
import { language, t } from "../core/texts";
import { WorkspaceContext, type Workspace } from "../core/workspace";
import { MainPage } from "./main-page";

interface WorkspaceRootProps {
  credentials: Credentials;
  session: Session;
  router: Router;
  preferences: Preferences;
}

/** Everything behind the log-in. Loaded on demand, for it brings matrix-js-sdk with it. */
export function WorkspaceRoot({ credentials, session, router, preferences }: WorkspaceRootProps): JSX.Element {
  const workspace = useMemo(() => openWorkspace(credentials, session, router, preferences), [credentials, session, router, preferences]);
  useEffect(() => {
    void workspace.connection.start();
    return () => {
      workspace.connection.stop();
      workspace.media.dispose();
    };
  }, [workspace]);
  return (
    <WorkspaceContext.Provider value={workspace}>
      {/* Texts are in values that views compute: another language draws everything anew. */}
      <MainPage key={language()} />
    </WorkspaceContext.Provider>
  );
}

function openWorkspace(
  credentials: Credentials,
  session: Session,
  router: Router,
  preferences: Preferences,
): Workspace {
  const client = clientFor(credentials);
  const connection = new Connection(client, () =>
    session.end(t().account.sessionEnded),
  );
  const logOut = async (): Promise<void> => {
    connection.stop();
    // Out of reach or not, this browser forgets the session; the server drops the device when it hears of it.
    await client.logout(true).catch(() => undefined);
    session.end();
    router.go({ page: "login" }, { replace: true });
  };
  return {
    client,
    connection,
    media: new Media(client),
    router,
    dialogs: new Dialogs(),
    preferences,
    userId: credentials.userId,
    logOut,
  };
}
