import type { common as english, failures as englishFailures } from "../en/common";

export const common: typeof english = {
  appName: "Hearth",
  close: "Schließen",
  cancel: "Abbrechen",
  save: "Speichern",
  saving: "Wird gespeichert …",
  saved: "Gespeichert",
  remove: "Entfernen",
  loading: "Wird geladen",
  tryAgain: "Erneut versuchen",
  copy: "Kopieren",
  copied: "Kopiert",
  download: "Herunterladen",
  back: "Zurück",
  next: "Weiter",
  optional: (label) => `${label} (freiwillig)`,
  notLoaded: "Die Anwendung konnte nicht geladen werden. Lade die Seite neu, um es noch einmal zu versuchen.",
};

export const failures: typeof englishFailures = {
  unreachable: "Der Server ist nicht erreichbar. Prüfe die Verbindung und versuche es noch einmal.",
  unexplained: (status) => `Der Server antwortete mit Status ${status} ohne Erklärung. Ist es ein Matrix-Server?`,
  unknown: "Etwas ist schiefgegangen.",
  noAccessToken: "Der Server hat zugestimmt, aber kein Zugangstoken mitgeschickt.",
  homeserverAddress: (typed) => `„${typed}“ ist keine Adresse eines Servers.`,
  noHomeserver: (host) => `Unter ${host} ist kein Matrix-Server.`,
  homeserverAway: (host) => `${host} ist nicht erreichbar. Stimmt die Adresse?`,
  homeserverProtocol: "Die Adresse eines Servers beginnt mit https:// oder http://.",
  attachment: "Dieser Anhang ist beschädigt: Er ist nicht, was gesendet wurde.",
  mediaAddress: "Das ist keine Adresse einer Datei auf einem Server.",
  userId: "Eine Benutzer-ID sieht so aus: @name:example.org.",
  roomAddress: "Die Adresse eines Raums sieht so aus: #name:example.org, seine ID beginnt mit „!“.",
};
