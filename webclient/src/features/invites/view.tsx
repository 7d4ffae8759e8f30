import type { JSX } from "preact";

import { MediaAvatar } from "../../core/media/avatar";
import { useOwned } from "../../core/owned";
import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Failure } from "../../design/components";
import { InvitesState, type Invite } from "./state";
import "./invites.css";

/** The open invites; nothing while there are none. */
export function Invites(): JSX.Element | null {
  const { client, router } = useWorkspace();
  const state = useOwned(() => new InvitesState(client), [client]);
  if (state.invites.length === 0) return null;
  const accept = async (invite: Invite): Promise<void> => {
    if (await state.accept(invite)) router.go({ page: "room", roomId: invite.roomId });
  };
  return (
    <section class="invites" aria-labelledby="invites-title">
      <h2 id="invites-title" class="section-title">
        {t().invites.title}
      </h2>
      <ul data-testid="invite-list">
        {state.invites.map((invite) => (
          <li key={invite.roomId} class="invite" data-testid="invite" data-room-id={invite.roomId}>
            <MediaAvatar id={invite.roomId} name={invite.roomName} mxc={invite.picture} size="small" />
            <div class="invite-text">
              <strong data-testid="invite-room-name">{invite.roomName}</strong>
              {invite.inviterName && <span title={invite.inviterId ?? undefined}>{t().invites.from(invite.inviterName)}</span>}
            </div>
            <InviteButtons invite={invite} state={state} onAccept={accept} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface InviteButtonsProps {
  invite: Invite;
  state: InvitesState;
  onAccept: (invite: Invite) => Promise<void>;
}

function InviteButtons({ invite, state, onAccept }: InviteButtonsProps): JSX.Element {
  const isAnswering = state.answering.value !== null;
  const failure = state.failure.value;
  return (
    <div class="invite-buttons">
      <button
        type="button"
        class="primary small"
        disabled={isAnswering}
        onClick={() => void onAccept(invite)}
        data-testid="invite-accept"
      >
        {t().invites.join}
      </button>
      <button
        type="button"
        class="small"
        disabled={isAnswering}
        onClick={() => void state.decline(invite)}
        data-testid="invite-decline"
      >
        {t().invites.decline}
      </button>
      <Failure sentence={failure?.roomId === invite.roomId ? failure.sentence : null} testId="invite-error" />
    </div>
  );
}
