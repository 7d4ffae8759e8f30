import { EventStatus, type MatrixEvent } from "matrix-js-sdk";
import { EventShieldColour, EventShieldReason, type EventEncryptionInfo } from "matrix-js-sdk/lib/crypto-api";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { Icon } from "../../design/icons";
import { t } from "../texts";
import { useWorkspace } from "../workspace";
import "./shield.css";

export interface ShieldInfo {
  readonly isSevere: boolean;
  readonly text: string;
}

/** A mark beside a message whose sender is not proven; nothing beside all others. */
export function Shield({ event }: { event: MatrixEvent }): JSX.Element | null {
  const { client, encryption } = useWorkspace();
  const [shield, setShield] = useState<ShieldInfo | null>(null);
  // After a verification old messages are looked at anew.
  const phase = encryption.phase.value;
  const status = event.status;
  useEffect(() => {
    if (!event.isEncrypted() || event.isDecryptionFailure() || isUnderWay(status)) return setShield(null);
    let isShown = true;
    const info = client.getCrypto()?.getEncryptionInfoForEvent(event);
    info?.then((found) => isShown && setShield(shieldOf(found))).catch(() => undefined);
    return () => {
      isShown = false;
    };
  }, [client, event, phase, status]);
  if (!shield) return null;
  return (
    <span
      class={`shield${shield.isSevere ? " shield-severe" : ""}`}
      role="img"
      aria-label={shield.text}
      title={shield.text}
      data-testid="message-shield"
    >
      <Icon name="shield" />
    </span>
  );
}

function isUnderWay(status: EventStatus | null): boolean {
  return status !== null && status !== EventStatus.SENT;
}

export function shieldOf(info: EventEncryptionInfo | null): ShieldInfo | null {
  if (!info || info.shieldColour === EventShieldColour.NONE) return null;
  return { isSevere: info.shieldColour === EventShieldColour.RED, text: reasonText(info.shieldReason) };
}

function reasonText(reason: EventShieldReason | null): string {
  const texts = t().encryption;
  switch (reason) {
    case EventShieldReason.UNVERIFIED_IDENTITY:
      return texts.shieldUnverified;
    case EventShieldReason.UNSIGNED_DEVICE:
      return texts.shieldUnsigned;
    case EventShieldReason.UNKNOWN_DEVICE:
      return texts.shieldUnknownDevice;
    case EventShieldReason.AUTHENTICITY_NOT_GUARANTEED:
      return texts.shieldForwarded;
    case EventShieldReason.SENT_IN_CLEAR:
      return texts.shieldClear;
    case EventShieldReason.VERIFICATION_VIOLATION:
      return texts.identityChanged;
    case EventShieldReason.MISMATCHED_SENDER:
    case EventShieldReason.MISMATCHED_SENDER_KEY:
      return texts.shieldMismatch;
    default:
      return texts.shieldUnknown;
  }
}

/** The same for a message that is known by its id. */
export function MessageShield({ roomId, eventId }: { roomId: string; eventId: string }): JSX.Element | null {
  const { client } = useWorkspace();
  const event = client.getRoom(roomId)?.findEventById(eventId);
  return event?.isEncrypted() ? <Shield event={event} /> : null;
}
