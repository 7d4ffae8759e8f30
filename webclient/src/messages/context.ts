import { createContext } from "preact";

/** What a message can ask of those around it. */
export interface MessageSurroundings {
  readonly roomId: string;
  readonly openUser: (userId: string) => void;
  readonly joinRoom: (room: string, via: readonly string[]) => void;
}

export const MessageContext = createContext<MessageSurroundings>({
  roomId: "",
  openUser: () => undefined,
  joinRoom: () => undefined,
});
