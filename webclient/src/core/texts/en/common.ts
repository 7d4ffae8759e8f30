export const common = {
  appName: "Hearth",
  close: "Close",
  cancel: "Cancel",
  save: "Save",
  saving: "Saving…",
  saved: "Saved",
  remove: "Remove",
  loading: "Loading",
  tryAgain: "Try again",
  copy: "Copy",
  copied: "Copied",
  download: "Download",
  back: "Back",
  next: "Continue",
  optional: (label: string) => `${label} (optional)`,
  notLoaded: "The client could not be loaded. Reload the page to try again.",
};

export const failures = {
  unreachable: "The server cannot be reached. Check your connection and try again.",
  unexplained: (status: number) =>
    `The server answered with status ${status} and no explanation. Is it a Matrix homeserver?`,
  unknown: "Something went wrong.",
  noAccessToken: "The server accepted, but its answer holds no access token.",
  homeserverAddress: (typed: string) => `“${typed}” is not the address of a homeserver.`,
  noHomeserver: (host: string) => `There is no Matrix homeserver at ${host}.`,
  homeserverAway: (host: string) => `${host} cannot be reached. Is the address right?`,
  homeserverProtocol: "A homeserver's address starts with https:// or http://.",
  attachment: "This attachment is damaged: it is not what was sent.",
  mediaAddress: "This is no address of a file on a homeserver.",
  userId: "A user id looks like @name:example.org.",
  roomAddress: "A room's address looks like #name:example.org, its id starts with “!”.",
};
