import { ClientEvent, EventType, RoomEvent, RoomStateEvent, type MatrixClient, type Room } from "matrix-js-sdk";

import { roomPicture } from "../../core/media/avatar-of";
import { Projection, source } from "../../core/projection";
import { Task } from "../../core/task";

export interface RoomTitle {
  readonly name: string;
  readonly picture: string | null;
  readonly topic: string | null;
  readonly alias: string | null;
  readonly memberCount: number;
}

export function titleOf(room: Room): RoomTitle {
  const topic: unknown = room.currentState.getStateEvents(EventType.RoomTopic, "")?.getContent()["topic"];
  return {
    name: room.name,
    picture: roomPicture(room),
    topic: typeof topic === "string" && topic.trim() ? topic : null,
    alias: room.getCanonicalAlias(),
    memberCount: room.getJoinedMemberCount(),
  };
}

/** A room's name and topic, and leaving it. */
export class RoomHeaderState {
  readonly leaving = new Task();
  private readonly projection: Projection<RoomTitle>;

  constructor(
    private readonly client: MatrixClient,
    private readonly room: Room,
  ) {
    this.projection = new Projection(
      () => titleOf(room),
      [source(room, RoomEvent.Name, RoomStateEvent.Events, RoomStateEvent.Members), source(client, ClientEvent.Sync)],
    );
  }

  get roomId(): string {
    return this.room.roomId;
  }

  get title(): RoomTitle {
    return this.projection.value.value;
  }

  /** Answers whether the room is left. */
  async leave(): Promise<boolean> {
    return (await this.leaving.run(() => this.client.leave(this.room.roomId))) !== null;
  }

  dispose(): void {
    this.projection.dispose();
  }
}
