import type * as english from "../en/people";

export const profile: typeof english.profile = {
  title: "Profil",
  message: "Nachricht",
  ignore: "Ignorieren",
  unignore: "Nicht mehr ignorieren",
  verified: "Verifiziert",
  unverified: "Nicht verifiziert",
  changed: "Die Identität hat sich seit deiner Verifizierung geändert.",
  acceptIdentity: "Die neue annehmen",
  role: "Rolle",
  creator: "Gründung",
  admin: "Admin",
  moderator: "Moderation",
  member: "Mitglied",
  level: (level) => `Stufe ${level}`,
  moderation: "Moderation",
  reason: "Grund (freiwillig)",
  kick: "Aus dem Raum entfernen",
  ban: "Verbannen",
  unban: "Verbannung aufheben",
};

export const directChat: typeof english.directChat = {
  title: "Neue Nachricht",
  start: "Jemandem schreiben",
  search: "Name oder ID",
  searchHint: "Wer auf einem anderen Server ist, wird mit der ganzen ID gefunden, etwa @name:example.org.",
  nobody: "Niemand gefunden.",
  opening: "Der Chat wird geöffnet …",
};
