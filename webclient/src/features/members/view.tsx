import type { Room } from "matrix-js-sdk";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { MediaAvatar } from "../../core/media/avatar";
import { useOwned } from "../../core/owned";
import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Failure, Field, IconButton, Spinner } from "../../design/components";
import { MembersState, roleOf, type Member } from "./state";
import "./members.css";

interface MembersPanelProps {
  room: Room;
  onClose: () => void;
  /** Somebody is chosen. */
  onMember: (userId: string) => void;
}

export function MembersPanel({ room, onClose, onMember }: MembersPanelProps): JSX.Element {
  const { client } = useWorkspace();
  const state = useOwned(() => new MembersState(client, room), [client, room]);
  useEffect(() => void state.load(), [state]);
  const { members } = state;
  return (
    <aside class="members" aria-labelledby="members-title" data-testid="members-panel">
      <header class="members-header">
        <h2 id="members-title">{t().members.title}</h2>
        <IconButton icon="close" label={t().members.closePanel} onClick={onClose} testId="members-close" />
      </header>
      <InviteForm state={state} />
      <Failure sentence={state.loading.failure.value} testId="members-error" />
      {state.loading.isRunning.value && <Spinner label={t().members.loading} />}
      <ul class="members-list" data-testid="member-list">
        {members.map((member) => (
          <MemberLine key={member.userId} member={member} onOpen={() => onMember(member.userId)} />
        ))}
      </ul>
    </aside>
  );
}

function MemberLine({ member, onOpen }: { member: Member; onOpen: () => void }): JSX.Element {
  const role = roleOf(member);
  return (
    <li
      class={`member${member.isInvited ? " member-invited" : ""}`}
      title={member.userId}
      data-testid="member"
      data-user-id={member.userId}
    >
      <button type="button" class="member-open" onClick={onOpen} aria-label={member.name} data-testid="member-open" />
      <MediaAvatar id={member.userId} name={member.name} mxc={member.picture} size="small" />
      <span class="member-text">
        <span class="member-name" data-testid="member-name">
          {member.name}
        </span>
        <span class="member-id">{member.userId}</span>
      </span>
      {member.isInvited ? <span class="member-role">{t().members.invited}</span> : role && <span class="member-role">{role}</span>}
    </li>
  );
}

function InviteForm({ state }: { state: MembersState }): JSX.Element {
  const [userId, setUserId] = useState("");
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (await state.invite(userId)) setUserId("");
  };
  return (
    <form class="members-invite" onSubmit={(event) => void submit(event)} data-testid="invite-form">
      <Field
        label={t().members.inviteLabel}
        value={userId}
        onValue={setUserId}
        placeholder="@name:example.org"
        testId="invite-user-id"
      />
      <button type="submit" disabled={state.inviting.isRunning.value} data-testid="invite-submit">
        {t().members.invite}
      </button>
      <Failure sentence={state.inviting.failure.value} testId="invite-user-error" />
    </form>
  );
}
