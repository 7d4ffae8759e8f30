import { KnownMembership, RoomStateEvent, type MatrixClient } from "matrix-js-sdk";
import type { JSX } from "preact";

import { openDirectRoom } from "../core/direct";
import { useWorkspace } from "../core/workspace";
import { StartedVerification } from "../features/encryption/verification-view";

/** Compares emoji with somebody, in the direct chat with them. */
export function VerifyUser({ userId, onClose }: { userId: string; onClose: () => void }): JSX.Element {
  const { client, encryption } = useWorkspace();
  const ask = async () => {
    const roomId = await openDirectRoom(client, userId);
    await joinOf(client, userId, roomId);
    return encryption.api.requestVerificationDM(userId, roomId);
  };
  return <StartedVerification ask={ask} who={client.getUser(userId)?.displayName ?? userId} onClose={onClose} />;
}

/** Resolves once somebody is in a room: a request from before would not reach all clients. */
function joinOf(client: MatrixClient, userId: string, roomId: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (client.getRoom(roomId)?.getMember(userId)?.membership !== KnownMembership.Join) return;
      client.off(RoomStateEvent.Members, look);
      resolve();
    };
    client.on(RoomStateEvent.Members, look);
    look();
  });
}
