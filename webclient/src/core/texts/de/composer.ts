import type { composer as english } from "../en/composer";

export const composer: typeof english = {
  placeholder: (room) => `Nachricht an ${room}`,
  send: "Senden",
  encrypted: "Dieser Raum ist verschlüsselt. Diese Anwendung kann darin noch nicht schreiben.",
  readOnly: "Du darfst in diesem Raum lesen, aber nicht schreiben.",
};
