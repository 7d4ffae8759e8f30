import { effect } from "@preact/signals";
import type { JSX } from "preact";

import { Dialog } from "../../design/components";
import type { JsonObject } from "../api";
import { t } from "../texts";
import type { Workspace } from "../workspace";
import { AuthCancelled, InteractiveAuth } from "./engine";
import { StageForm } from "./stage-form";

/**
 * Runs a request that may ask for the password again, in a dialog on top of all others.
 *
 * Answers null when the user closes that dialog; throws what else goes wrong.
 */
export async function authenticated<T>(
  workspace: Pick<Workspace, "dialogs" | "client" | "userId">,
  request: (auth: JsonObject | null) => Promise<T>,
): Promise<T | null> {
  const auth = new InteractiveAuth();
  let close: (() => void) | null = null;
  const stopWatching = effect(() => {
    if (auth.stage.value && !close) close = workspace.dialogs.show(() => <AuthDialog auth={auth} workspace={workspace} />);
  });
  try {
    return await auth.run(request);
  } catch (failure) {
    if (failure instanceof AuthCancelled) return null;
    throw failure;
  } finally {
    stopWatching();
    (close as (() => void) | null)?.();
  }
}

interface AuthDialogProps {
  auth: InteractiveAuth;
  workspace: Pick<Workspace, "client" | "userId">;
}

function AuthDialog({ auth, workspace }: AuthDialogProps): JSX.Element {
  const stage = auth.stage.value;
  return (
    <Dialog title={t().auth.title} onClose={() => auth.cancel()} testId="auth-dialog">
      <div class="dialog-form">
        {stage && (
          <StageForm
            key={stage.type}
            auth={auth}
            stage={stage}
            homeserverUrl={workspace.client.getHomeserverUrl()}
            userId={workspace.userId}
          />
        )}
      </div>
    </Dialog>
  );
}
