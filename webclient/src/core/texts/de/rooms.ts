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
  emptySpace: "Du bist noch in keinem Raum dieses Spaces.",
  sections: { favourites: "Favoriten", people: "Personen", rooms: "Räume", lowPriority: "Weniger wichtig" },
  draft: "Hier ist etwas geschrieben, das nicht gesendet wurde",
  muted: "Stumm",
  markedUnread: "Als ungelesen markiert",
  menuOf: (name) => `Was mit ${name} geschehen soll`,
  markRead: "Als gelesen markieren",
  markUnread: "Als ungelesen markieren",
  favourite: "Favorit",
  lowPriority: "Weniger wichtig",
  mute: "Stumm",
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

export const spaces: typeof english.spaces = {
  title: "Spaces",
  all: "Alle Räume",
  withUnread: (name, count) => `${name}, ${count} ungelesen`,
  explore: "Räume dieses Spaces finden",
};

export const directory: typeof english.directory = {
  title: "Raum finden",
  inSpace: (name) => `Räume in ${name}`,
  search: "Nach Name oder Thema suchen",
  server: "Server",
  none: "Keine Räume gefunden.",
  open: "Öffnen",
  openRoom: (name) => `${name} öffnen`,
  joinRoom: (name) => `${name} beitreten`,
};

export const palette: typeof english.palette = {
  title: "Zu einem Raum, einer Person oder einem Befehl gehen",
  placeholder: "Raum, Person oder > Befehl",
  none: "Nichts gefunden.",
  shortcut: "Gehe zu … (Strg+K)",
};

export const panels: typeof english.panels = {
  members: "Mitglieder",
  threads: "Threads",
  pinned: "Angeheftete Nachrichten",
  files: "Dateien",
  search: "Nachrichten suchen",
  noPins: "In diesem Raum ist nichts angeheftet.",
  noFiles: "In diesen Raum wurden keine Dateien gesendet.",
  filesEncrypted: "Dieser Raum ist verschlüsselt: Nur Dateien aus geladenen Nachrichten werden angezeigt.",
};

export const search: typeof english.search = {
  title: "Nachrichten suchen",
  placeholder: "Nachrichten suchen",
  where: "Wo gesucht wird",
  here: "Dieser Raum",
  everywhere: "Alle Räume",
  searching: "Suche läuft",
  found: (count) => plural(count, { one: "1 Nachricht gefunden", other: `${count} Nachrichten gefunden` }),
  encryptedHere: "Dieser Raum ist verschlüsselt: Der Server kann seine Nachrichten nicht durchsuchen.",
  encryptedElsewhere: (count) =>
    plural(count, {
      one: "1 verschlüsselter Raum wird nicht durchsucht: Der Server kann ihn nicht lesen.",
      other: `${count} verschlüsselte Räume werden nicht durchsucht: Der Server kann sie nicht lesen.`,
    }),
};
