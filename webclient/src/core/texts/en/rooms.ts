import { pluralIn } from "../plural";

const plural = pluralIn("en");

export const shell = {
  loadingRooms: "Loading your rooms",
  joinRoom: "Join a room",
  createRoom: "Create a room",
  welcome: "Welcome to Hearth",
  welcomeHint: "Choose a room, create one, or join one by its address.",
  notInRoom: "You are not in this room",
  invitedToRoom: "You are invited to it.",
  backToRooms: "Back to rooms",
  connectionLost: "Connection lost. Trying to reconnect…",
  tryNow: "Try now",
  elsewhere: "Hearth is open in another tab",
  elsewhereHint: "An account can be open in one tab at a time, for its encryption keys.",
  takeOver: "Use it here",
  openFailed: "This account could not be opened",
};

export const roomList = {
  title: "Rooms",
  emptySpace: "You are in no room of this space yet.",
  sections: { favourites: "Favourites", people: "People", rooms: "Rooms", lowPriority: "Low priority" },
  draft: "Something is written here that was not sent",
  muted: "Muted",
  markedUnread: "Marked as unread",
  menuOf: (name: string) => `What to do with ${name}`,
  markRead: "Mark as read",
  markUnread: "Mark as unread",
  favourite: "Favourite",
  lowPriority: "Low priority",
  mute: "Mute",
  empty: "You are in no room yet. Create one, or join one by its address.",
  unread: (count: number, highlights: number) =>
    highlights > 0 ? `${count} unread, ${highlights} for you` : `${count} unread`,
};

export const invites = {
  title: "Invites",
  from: (name: string) => `from ${name}`,
  join: "Join",
  decline: "Decline",
};

export const createRoom = {
  title: "Create a room",
  name: "Name",
  topic: "Topic (optional)",
  address: "Address",
  access: "Who can join",
  private: "Private",
  privateHint: "Only people who are invited can join.",
  public: "Public",
  publicHint: "Anybody can find it and join.",
  encrypted: "End-to-end encrypted",
  encryptedHint: "Only the people in the room can read it. This cannot be turned off later.",
  create: "Create room",
  creating: "Creating…",
};

export const joinRoom = {
  title: "Join a room",
  target: "Address, id or link",
  via: "Through server (optional)",
  viaHint: "A server that is in the room already. Needed for an id that this server does not know.",
  join: "Join room",
  joining: "Joining…",
};

export const roomHeader = {
  members: (count: number) => plural(count, { one: "1 member", other: `${count} members` }),
  leave: "Leave room",
  leaveTitle: (name: string) => `Leave ${name}?`,
  leaveHint: "You will see no new messages. If the room is private, you need an invite to come back.",
};

export const members = {
  title: "Members",
  closePanel: "Close members",
  loading: "Loading members",
  invited: "Invited",
  admin: "Admin",
  moderator: "Moderator",
  inviteLabel: "Invite somebody",
  invite: "Invite",
};

export const spaces = {
  title: "Spaces",
  all: "All rooms",
  withUnread: (name: string, count: number) => `${name}, ${count} unread`,
  explore: "Find rooms of this space",
};

export const directory = {
  title: "Find a room",
  inSpace: (name: string) => `Rooms in ${name}`,
  search: "Search by name or topic",
  server: "Server",
  none: "No rooms found.",
  open: "Open",
  openRoom: (name: string) => `Open ${name}`,
  joinRoom: (name: string) => `Join ${name}`,
};

export const palette = {
  title: "Go to a room, a person or a command",
  placeholder: "Room, person or > command",
  none: "Nothing found.",
  shortcut: "Go to … (Ctrl+K)",
};

export const panels = {
  members: "Members",
  threads: "Threads",
  pinned: "Pinned messages",
  files: "Files",
  search: "Search messages",
  noPins: "Nothing is pinned in this room.",
  noFiles: "No files were sent to this room.",
  filesEncrypted: "This room is encrypted: only files in messages that are loaded are shown.",
};

export const search = {
  title: "Search messages",
  placeholder: "Search messages",
  where: "Where to search",
  here: "This room",
  everywhere: "All rooms",
  searching: "Searching",
  found: (count: number) => plural(count, { one: "1 message found", other: `${count} messages found` }),
  encryptedHere: "This room is encrypted: the server cannot search its messages.",
  encryptedElsewhere: (count: number) =>
    plural(count, {
      one: "1 encrypted room is not searched: the server cannot read it.",
      other: `${count} encrypted rooms are not searched: the server cannot read them.`,
    }),
};
