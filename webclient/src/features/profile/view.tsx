import type { Room } from "matrix-js-sdk";
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { MediaAvatar } from "../../core/media/avatar";
import { useOwned } from "../../core/owned";
import { levelName } from "../../core/power-names";
import { t } from "../../core/texts";
import { useWorkspace } from "../../core/workspace";
import { Dialog, Failure, Field } from "../../design/components";
import { Icon } from "../../design/icons";
import { ProfileState, type Trust } from "./state";
import "./profile.css";

interface ProfileDialogProps {
  userId: string;
  room: Room | null;
  onClose: () => void;
  /** Compares emoji with them. */
  onVerify: (userId: string) => void;
}

/** Somebody: who they are, and what can be done with them. */
export function ProfileDialog({ userId, room, onClose, onVerify }: ProfileDialogProps): JSX.Element {
  const { client, router, userId: ownId } = useWorkspace();
  const state = useOwned(() => new ProfileState(client, room, userId), [client, room, userId]);
  const { profile } = state;
  const isOwn = userId === ownId;
  const message = async (): Promise<void> => {
    const roomId = await state.message();
    if (roomId === null) return;
    router.go({ page: "room", roomId });
    onClose();
  };
  return (
    <Dialog title={t().profile.title} onClose={onClose} testId="profile">
      <div class="dialog-form">
        <div class="profile-head">
          <MediaAvatar id={userId} name={profile.name} mxc={profile.picture} size="huge" />
          <h3 data-testid="profile-name">{profile.name}</h3>
          <code data-testid="profile-id">{userId}</code>
          {!isOwn && <TrustLine trust={state.trust.value} state={state} />}
        </div>
        {room && profile.membership && <PowerChoice state={state} />}
        {!isOwn && (
          <div class="profile-actions">
            <button type="button" class="primary" onClick={() => void message()} data-testid="profile-message">
              {t().profile.message}
            </button>
            {state.trust.value !== "verified" && (
              <button type="button" onClick={() => onVerify(userId)} data-testid="profile-verify">
                {t().encryption.verify}
              </button>
            )}
            <button
              type="button"
              onClick={() => void state.setIgnored(!profile.isIgnored)}
              data-testid="profile-ignore"
              aria-pressed={profile.isIgnored}
            >
              {profile.isIgnored ? t().profile.unignore : t().profile.ignore}
            </button>
          </div>
        )}
        <Moderation state={state} />
        <Failure sentence={state.task.failure.value} testId="profile-error" />
      </div>
    </Dialog>
  );
}

function TrustLine({ trust, state }: { trust: Trust; state: ProfileState }): JSX.Element | null {
  if (trust === "unknown") return null;
  return (
    <p class={`profile-trust profile-trust-${trust}`} data-testid="profile-trust" data-trust={trust}>
      <Icon name="shield" />
      {trust === "verified" ? t().profile.verified : trust === "changed" ? t().profile.changed : t().profile.unverified}
      {trust === "changed" && (
        <button type="button" class="link" onClick={() => void state.acceptIdentity()} data-testid="profile-accept-identity">
          {t().profile.acceptIdentity}
        </button>
      )}
    </p>
  );
}

function PowerChoice({ state }: { state: ProfileState }): JSX.Element {
  const { powerLevel, may } = state.profile;
  if (may.promote.length < 2) {
    return (
      <p class="profile-role" data-testid="profile-role">
        {levelName(powerLevel)}
      </p>
    );
  }
  return (
    <label class="field">
      <span class="field-label">{t().profile.role}</span>
      <select
        value={String(powerLevel)}
        disabled={state.task.isRunning.value}
        onChange={(event) => void state.setPowerLevel(Number(event.currentTarget.value))}
        data-testid="profile-power"
      >
        {may.promote.map((level) => (
          <option key={level} value={String(level)}>
            {levelName(level)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Moderation({ state }: { state: ProfileState }): JSX.Element | null {
  const { kick, ban, unban } = state.profile.may;
  const [reason, setReason] = useState("");
  if (!kick && !ban && !unban) return null;
  const isBusy = state.task.isRunning.value;
  return (
    <fieldset class="profile-moderation">
      <legend>{t().profile.moderation}</legend>
      {(kick || ban) && (
        <Field
          label={t().profile.reason}
          value={reason}
          onValue={setReason}
          isProse
          isOptional
          testId="profile-reason"
        />
      )}
      <div class="profile-actions">
        {kick && (
          <button type="button" disabled={isBusy} onClick={() => void state.kick(reason)} data-testid="profile-kick">
            {t().profile.kick}
          </button>
        )}
        {ban && (
          <button
            type="button"
            class="danger"
            disabled={isBusy}
            onClick={() => void state.ban(reason)}
            data-testid="profile-ban"
          >
            {t().profile.ban}
          </button>
        )}
        {unban && (
          <button type="button" disabled={isBusy} onClick={() => void state.unban()} data-testid="profile-unban">
            {t().profile.unban}
          </button>
        )}
      </div>
    </fieldset>
  );
}
