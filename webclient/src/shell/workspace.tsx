import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";

import { language, t } from "../core/texts";
import { WorkspaceContext } from "../core/workspace";
import { Failure, Spinner } from "../design/components";
import icon from "../design/icon.svg";
import { MainPage } from "./main-page";
import { Opening, type OpeningParts } from "./opening";

/** Everything behind the log-in. Loaded on demand, for it brings matrix-js-sdk with it. */
export function WorkspaceRoot(parts: OpeningParts): JSX.Element {
  const { account, session, router, preferences } = parts;
  const { userId, deviceId, homeserverUrl } = account;
  // New tokens of the same device are no reason to open it again.
  const opening = useMemo(() => new Opening(parts), [userId, deviceId, homeserverUrl, session, router, preferences]);
  useEffect(() => {
    void opening.start();
    return () => opening.close();
  }, [opening]);
  const workspace = opening.workspace.value;
  if (workspace) {
    return (
      <WorkspaceContext.Provider value={workspace}>
        {/* Texts are in values that views compute: another language draws everything anew. */}
        <MainPage key={language()} />
      </WorkspaceContext.Provider>
    );
  }
  return <NotOpen opening={opening} />;
}

function NotOpen({ opening }: { opening: Opening }): JSX.Element {
  switch (opening.phase.value) {
    case "elsewhere":
      return (
        <main class="shell-empty" data-testid="open-elsewhere">
          <img src={icon} alt="" width="72" height="72" />
          <h1>{t().shell.elsewhere}</h1>
          <p>{t().shell.elsewhereHint}</p>
          <button type="button" class="primary" onClick={() => void opening.takeOver()} data-testid="take-over">
            {t().shell.takeOver}
          </button>
        </main>
      );
    case "failed":
      return (
        <main class="shell-empty" data-testid="open-failed">
          <h1>{t().shell.openFailed}</h1>
          <Failure sentence={opening.failure.value} testId="open-error" />
          <button type="button" class="primary" onClick={() => void opening.takeOver()}>
            {t().common.tryAgain}
          </button>
        </main>
      );
    default:
      return <Spinner label={t().shell.loadingRooms} />;
  }
}
