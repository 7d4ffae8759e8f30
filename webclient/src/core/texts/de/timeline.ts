import type * as english from "../en/timeline";
import { pluralIn } from "../plural";

const plural = pluralIn("de");

export const timeline: typeof english.timeline = {
  label: "Nachrichten",
  start: "Hier beginnt der Raum.",
  olderFailed: "Ältere Nachrichten konnten nicht geladen werden. Erneut versuchen",
  loadingOlder: "Ältere Nachrichten werden geladen",
  newMessages: "Neue Nachrichten",
  newest: "Neueste",
  messageOf: (name, time) => `${name}, ${time}`,
  newerFailed: "Neuere Nachrichten konnten nicht geladen werden. Erneut versuchen",
  newCount: (count) => plural(count, { one: "1 neue Nachricht", other: `${count} neue Nachrichten` }),
  firstUnread: "Erste ungelesene Nachricht",
  notFound: "Diese Nachricht gibt es nicht, oder du darfst sie nicht sehen.",
  readBy: (names, count) =>
    `Gelesen von ${names.join(", ")}${count > names.length ? ` und ${count - names.length} weiteren` : ""}`,
  jumpToDate: "Zu einem Datum springen",
  date: "Datum",
  jump: "Springen",
  edited: "(bearbeitet)",
  notSent: "Nicht gesendet.",
  delete: "Löschen",
  deleted: "Nachricht gelöscht",
  today: "Heute",
  yesterday: "Gestern",
};

export const notices: typeof english.notices = {
  created: (actor) => `${actor} hat diesen Raum angelegt`,
  named: (actor, name) => `${actor} hat den Raum „${name}“ genannt`,
  nameRemoved: (actor) => `${actor} hat den Namen des Raums entfernt`,
  topic: (actor, topic) => `${actor} hat das Thema auf „${topic}“ gesetzt`,
  topicRemoved: (actor) => `${actor} hat das Thema entfernt`,
  alias: (actor, alias) => `${actor} hat dem Raum die Adresse ${alias} gegeben`,
  aliasRemoved: (actor) => `${actor} hat die Adresse des Raums entfernt`,
  avatar: (actor) => `${actor} hat das Bild des Raums geändert`,
  encryption: (actor) => `${actor} hat die Verschlüsselung eingeschaltet`,
  replaced: (actor) => `${actor} hat diesen Raum durch einen neueren ersetzt`,
  called: (actor) => `${actor} hat angerufen`,
  pinned: (actor) => `${actor} hat eine Nachricht angeheftet`,
  unpinned: (actor) => `${actor} hat eine angeheftete Nachricht gelöst`,
  powerLevels: (actor) => `${actor} hat geändert, wer was darf`,
  serverAcl: (actor) => `${actor} hat geändert, welche Server teilnehmen dürfen`,
  joinRules: {
    public: (actor) => `${actor} hat den Raum für alle geöffnet`,
    invite: (actor) => `${actor} lässt nur noch Eingeladene in den Raum`,
    knock: (actor) => `${actor} lässt Beitrittsanfragen zu`,
    restricted: (actor) => `${actor} hat den Raum für Mitglieder anderer Räume geöffnet`,
    knock_restricted: (actor) =>
      `${actor} hat den Raum für Mitglieder anderer Räume geöffnet und lässt Anfragen zu`,
  },
  history: {
    world_readable: (actor) => `${actor} hat die Nachrichten für alle lesbar gemacht`,
    shared: (actor) => `${actor} hat alle Nachrichten für Mitglieder lesbar gemacht`,
    invited: (actor) => `${actor} hat Nachrichten für Mitglieder ab ihrer Einladung lesbar gemacht`,
    joined: (actor) => `${actor} hat Nachrichten für Mitglieder ab ihrem Beitritt lesbar gemacht`,
  },
  guests: {
    can_join: (actor) => `${actor} lässt Gäste beitreten`,
    forbidden: (actor) => `${actor} hat den Raum für Gäste geschlossen`,
  },
  more: (count) => plural(count, { one: "1 weitere Änderung", other: `${count} weitere Änderungen` }),
  joined: (target) => `${target} ist beigetreten`,
  invited: (actor, target) => `${actor} hat ${target} eingeladen`,
  knocked: (target) => `${target} möchte beitreten`,
  banned: (actor, target) => `${actor} hat ${target} verbannt`,
  declined: (target) => `${target} hat die Einladung abgelehnt`,
  knockTakenBack: (target) => `${target} hat die Anfrage zurückgezogen`,
  left: (target) => `${target} ist gegangen`,
  inviteTakenBack: (actor, target) => `${actor} hat die Einladung an ${target} zurückgezogen`,
  knockRefused: (actor, target) => `${actor} hat die Anfrage von ${target} abgelehnt`,
  unbanned: (actor, target) => `${actor} hat die Verbannung von ${target} aufgehoben`,
  removed: (actor, target) => `${actor} hat ${target} entfernt`,
  choseName: (target) => `${target} hat einen Namen gewählt`,
  nameDropped: (name) => `${name} hat den eigenen Namen entfernt`,
  renamed: (before, now) => `${before} heißt jetzt ${now}`,
  newEvent: "Etwas Neues",
  picture: (target) => `${target} hat das eigene Bild geändert`,
};

export const typing: typeof english.typing = {
  one: (name) => `${name} schreibt …`,
  two: (first, second) => `${first} und ${second} schreiben …`,
  three: (first, second, third) => `${first}, ${second} und ${third} schreiben …`,
  many: "Mehrere Leute schreiben …",
};
