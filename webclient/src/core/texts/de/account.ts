import type { account as english } from "../en/account";

export const account: typeof english = {
  logIn: "Anmelden",
  loggingIn: "Anmeldung läuft …",
  logOut: "Abmelden",
  username: "Benutzername",
  password: "Passwort",
  newHere: "Neu hier?",
  createAccount: "Konto anlegen",
  create: "Konto anlegen",
  creating: "Konto wird angelegt …",
  haveAccount: "Schon ein Konto?",
  usernameHint: "Kleinbuchstaben, Ziffern und . _ - = / +",
  token: "Registrierungstoken",
  tokenHint: "Dieser Server gibt Konten an Leute mit einem Token. Frage, wer ihn betreibt.",
  advanced: "Erweitert",
  homeserver: "Adresse des Servers",
  homeserverHint: "Der Server, der dein Konto führt. Meist der, von dem diese Seite kommt.",
  sameStep: "Der Server fragt immer wieder nach demselben Schritt.",
  unknownSteps: (stages) => `Dieser Server verlangt Schritte, die diese Anwendung nicht kennt: ${stages}.`,
  sessionEnded: "Der Server hat deine Sitzung beendet. Bitte melde dich neu an.",
};
