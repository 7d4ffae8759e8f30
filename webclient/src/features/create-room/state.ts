import { Preset, Visibility, type ICreateRoomOpts, type MatrixClient } from "matrix-js-sdk";

import { encryptionState } from "../../core/encryption/room-state";
import { Task } from "../../core/task";

export interface RoomForm {
  readonly name: string;
  readonly topic: string;
  readonly isPublic: boolean;
  /** Only of private rooms; it cannot be turned off again. */
  readonly isEncrypted: boolean;
  /** The part of the address between `#` and the server's name; only for public rooms. */
  readonly aliasLocalpart: string;
}

/** The body of `/createRoom`. https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3createroom */
export function creationRequest(form: RoomForm): ICreateRoomOpts {
  const name = form.name.trim();
  const topic = form.topic.trim();
  const alias = form.aliasLocalpart.trim();
  return {
    ...(name && { name }),
    ...(topic && { topic }),
    preset: form.isPublic ? Preset.PublicChat : Preset.PrivateChat,
    visibility: form.isPublic ? Visibility.Public : Visibility.Private,
    ...(!form.isPublic && form.isEncrypted && { initial_state: [encryptionState] }),
    ...(form.isPublic && alias && { room_alias_name: alias }),
  };
}

/** An alias made of a room's name: `Tea & Cake` gives `tea-cake`. */
export function suggestedAlias(name: string): string {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60);
}

export class CreateRoomState {
  readonly task = new Task();

  constructor(private readonly client: MatrixClient) {}

  /** Answers the new room's id, or null when the server refused: see `task.failure`. */
  create(form: RoomForm): Promise<string | null> {
    return this.task.run(async () => (await this.client.createRoom(creationRequest(form))).room_id);
  }
}
