import type { Room } from "matrix-js-sdk";

import { useWorkspace } from "../core/workspace";
import { ProfileDialog } from "../features/profile/view";
import { VerifyUser } from "./verify-user";

/** Opens somebody's profile, as seen from a room or from nowhere. */
export function useProfile(): (userId: string, room: Room | null) => void {
  const { dialogs } = useWorkspace();
  const verify = (userId: string): void => {
    dialogs.show((close) => <VerifyUser userId={userId} onClose={close} />);
  };
  return (userId, room) => {
    dialogs.show((close) => (
      <ProfileDialog
        userId={userId}
        room={room}
        onClose={close}
        onVerify={(other) => {
          close();
          verify(other);
        }}
      />
    ));
  };
}
