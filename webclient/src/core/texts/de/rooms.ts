import type * as english from "../en/rooms";
import { pluralIn } from "../plural";

const plural = pluralIn("de");

export const shell: typeof english.shell = {
  loadingRooms: "Deine Räume werden geladen",
  joinRoom: "Raum betreten",
  createRoom: "Raum anlegen",
  welcome: "Willkommen bei Hearth",
  welcomeHint: "Wähle einen Raum, lege einen an oder betritt einen mit seiner Adresse.",
  notInRoom: "Du bist nicht in diesem Raum",
  invitedToRoom: "Du bist eingeladen.",
  backToRooms: "Zurück zu den Räumen",
  connectionLost: "Verbindung verloren. Sie wird neu aufgebaut …",
  tryNow: "Jetzt versuchen",
  elsewhere: "Hearth ist in einem anderen Tab offen",
  elsewhereHint: "Ein Konto kann wegen seiner Schlüssel nur in einem Tab zugleich offen sein.",
  takeOver: "Hier verwenden",
  openFailed: "Dieses Konto konnte nicht geöffnet werden",
};

export const roomList: typeof english.roomList = {
  title: "Räume",
  empty: "Du bist noch in keinem Raum. Lege einen an oder betritt einen mit seiner Adresse.",
  unread: (count, highlights) => (highlights > 0 ? `${count} ungelesen, ${highlights} an dich` : `${count} ungelesen`),
};

export const invites: typeof english.invites = {
  title: "Einladungen",
  from: (name) => `von ${name}`,
  join: "Betreten",
  decline: "Ablehnen",
};

export const createRoom: typeof english.createRoom = {
  title: "Raum anlegen",
  name: "Name",
  topic: "Thema (freiwillig)",
  address: "Adresse",
  access: "Wer darf betreten",
  private: "Privat",
  privateHint: "Nur wer eingeladen ist.",
  public: "Öffentlich",
  publicHint: "Alle können ihn finden und betreten.",
  encrypted: "Ende-zu-Ende-verschlüsselt",
  encryptedHint: "Nur die Leute im Raum können lesen. Das lässt sich später nicht ausschalten.",
  create: "Raum anlegen",
  creating: "Raum wird angelegt …",
};

export const joinRoom: typeof english.joinRoom = {
  title: "Raum betreten",
  target: "Adresse, ID oder Link",
  via: "Über den Server (freiwillig)",
  viaHint: "Ein Server, der schon im Raum ist. Nötig bei einer ID, die dieser Server nicht kennt.",
  join: "Raum betreten",
  joining: "Raum wird betreten …",
};

export const roomHeader: typeof english.roomHeader = {
  members: (count) => plural(count, { one: "1 Mitglied", other: `${count} Mitglieder` }),
  leave: "Raum verlassen",
  leaveTitle: (name) => `${name} verlassen?`,
  leaveHint: "Du siehst keine neuen Nachrichten mehr. In einen privaten Raum kommst du nur mit Einladung zurück.",
};

export const members: typeof english.members = {
  title: "Mitglieder",
  closePanel: "Mitglieder schließen",
  loading: "Mitglieder werden geladen",
  invited: "Eingeladen",
  admin: "Admin",
  moderator: "Moderation",
  inviteLabel: "Jemanden einladen",
  invite: "Einladen",
};
