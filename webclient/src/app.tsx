import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { t } from "./core/texts";
import { chosenHomeserver } from "./core/homeserver";
import type { Preferences } from "./core/preferences";
import type { Router } from "./core/router";
import type { Session } from "./core/session";
import { Failure, Spinner } from "./design/components";
import { LoginView } from "./features/account/login-view";
import { RegistrationView } from "./features/account/registration-view";
import type { WorkspaceRoot } from "./shell/workspace";

interface AppProps {
  session: Session;
  router: Router;
  preferences: Preferences;
}

export function App({ session, router, preferences }: AppProps): JSX.Element {
  const credentials = session.credentials.value;
  const { page } = router.route.value;
  const [homeserver, setHomeserver] = useState(() => chosenHomeserver(window.location));

  useEffect(() => {
    if (credentials && (page === "login" || page === "register")) router.go({ page: "home" }, { replace: true });
  }, [credentials, page, router]);

  if (credentials) return <LazyWorkspace credentials={credentials} session={session} router={router} preferences={preferences} />;
  const shared = { homeserver, onHomeserver: setHomeserver, onCredentials: session.begin.bind(session) };
  return page === "register" ? (
    <RegistrationView {...shared} />
  ) : (
    <LoginView {...shared} notice={session.farewell.value} />
  );
}

type WorkspaceProps = Parameters<typeof WorkspaceRoot>[0];

/** The part with matrix-js-sdk in it, which the log-in page does without. */
function LazyWorkspace(props: WorkspaceProps): JSX.Element {
  const [Root, setRoot] = useState<typeof WorkspaceRoot | null>(null);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    import("./shell/workspace").then(
      (module) => setRoot(() => module.WorkspaceRoot),
      () => setFailed(true),
    );
  }, []);
  if (Root) return <Root {...props} />;
  if (hasFailed)
    return <Failure sentence={t().common.notLoaded} testId="load-error" />;
  return <Spinner label={t().common.loading} />;
}
