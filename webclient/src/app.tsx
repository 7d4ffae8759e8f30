import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { chosenHomeserver } from "./core/homeserver";
import type { Router } from "./core/router";
import type { Session } from "./core/session";
import { Failure, Spinner } from "./design/components";
import { LoginView } from "./features/account/login-view";
import { RegistrationView } from "./features/account/registration-view";
import type { WorkspaceRoot } from "./shell/workspace";

interface AppProps {
  session: Session;
  router: Router;
}

export function App({ session, router }: AppProps): JSX.Element {
  const credentials = session.credentials.value;
  const { page } = router.route.value;
  const [homeserver, setHomeserver] = useState(() => chosenHomeserver(window.location));

  useEffect(() => {
    if (credentials && (page === "login" || page === "register")) router.go({ page: "home" }, { replace: true });
  }, [credentials, page, router]);

  if (credentials) return <LazyWorkspace credentials={credentials} session={session} router={router} />;
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
    return <Failure sentence="The client could not be loaded. Reload the page to try again." testId="load-error" />;
  return <Spinner label="Loading" />;
}
