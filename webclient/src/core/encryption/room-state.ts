import { EventType, type ICreateRoomStateEvent } from "matrix-js-sdk";

/** What turns on encryption in a new room. https://spec.matrix.org/v1.19/client-server-api/#mroomencryption */
export const encryptionState: ICreateRoomStateEvent = {
  type: EventType.RoomEncryption,
  state_key: "",
  content: { algorithm: "m.megolm.v1.aes-sha2" },
};
