export const auth = {
  title: "Confirm that it is you",
  passwordHint: "The server wants your password for this.",
  terms: "To go on, please read and accept:",
  accept: "I have read and accept these",
  email: "The server sends a link to your address, to see that it is yours.",
  emailAddress: "E-mail address",
  emailSent: (address: string) => `A mail is on its way to ${address}.`,
  emailNext: "Open the link in it, then continue here.",
  page: "This step has a page of the server's own. Come back here when it is done.",
  openPage: "Open the page",
};
