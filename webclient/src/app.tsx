import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { chosenHomeserver } from "./core/homeserver";
import type { Preferences } from "./core/preferences";
import type { Router } from "./core/router";
import type { Account, Session } from "./core/session";
import { t } from "./core/texts";
import { Failure, Spinner } from "./design/components";
import { LoginView } from "./features/account/login-view";
import { RegistrationView } from "./features/account/registration-view";
import { SoftLogoutView } from "./features/account/soft-logout-view";
import type { WorkspaceRoot } from "./shell/workspace";

interface AppProps {
  session: Session;
  router: Router;
  preferences: Preferences;
}

export function App({ session, router, preferences }: AppProps): JSX.Element {
  const account = session.credentials.value;
  const { page } = router.route.value;
  useEffect(() => {
    if (account && (page === "login" || page === "register")) router.go({ page: "home" }, { replace: true });
  }, [account, page, router]);

  if (!account) return <LoggedOut session={session} router={router} />;
  if (account.isSoftLoggedOut) return <SoftLogoutView key={account.userId} account={account} session={session} />;
  return (
    <LazyWorkspace
      key={`${account.userId} ${account.deviceId}`}
      account={account}
      session={session}
      router={router}
      preferences={preferences}
    />
  );
}

/** The pages for who has no account here yet, or adds another. */
function LoggedOut({ session, router }: { session: Session; router: Router }): JSX.Element {
  const [homeserver, setHomeserver] = useState(() => chosenHomeserver(window.location));
  const shared = {
    homeserver,
    onHomeserver: setHomeserver,
    onCredentials: (credentials: Parameters<Session["begin"]>[0]) => void session.begin(credentials),
    onCancel: cancelOf(session.accounts.value, session),
  };
  return router.route.value.page === "register" ? (
    <RegistrationView {...shared} />
  ) : (
    <LoginView {...shared} notice={session.farewell.value} />
  );
}

/** Who adds an account can go back to one that is there. */
function cancelOf(accounts: readonly Account[], session: Session): (() => void) | null {
  const [first] = accounts;
  return first ? () => void session.show(first.userId) : null;
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
  if (hasFailed) return <Failure sentence={t().common.notLoaded} testId="load-error" />;
  return <Spinner label={t().common.loading} />;
}
