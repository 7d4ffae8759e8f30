import type { MatrixClient } from "matrix-js-sdk";

import { Task } from "../../core/task";
import { parseTarget } from "./target";

export class JoinRoomState {
  readonly task = new Task();

  constructor(private readonly client: MatrixClient) {}

  /** Answers the joined room's id, or null when it could not be joined: see `task.failure`. */
  join(typed: string, via: string): Promise<string | null> {
    return this.task.run(async () => {
      const target = parseTarget(typed, via);
      const room = await this.client.joinRoom(
        target.room,
        target.via.length > 0 ? { viaServers: [...target.via] } : {},
      );
      return room.roomId;
    });
  }
}
