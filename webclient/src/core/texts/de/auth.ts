import type { auth as english } from "../en/auth";

export const auth: typeof english = {
  title: "Bestätige, dass du es bist",
  passwordHint: "Der Server möchte dafür dein Passwort.",
  terms: "Bitte lies und akzeptiere, um fortzufahren:",
  accept: "Ich habe dies gelesen und akzeptiere es",
  email: "Der Server schickt einen Link an deine Adresse, um zu sehen, dass sie dir gehört.",
  emailAddress: "E-Mail-Adresse",
  emailSent: (address) => `Eine Mail an ${address} ist unterwegs.`,
  emailNext: "Öffne den Link darin und mache dann hier weiter.",
  page: "Für diesen Schritt hat der Server eine eigene Seite. Komm danach hierher zurück.",
  openPage: "Seite öffnen",
};
