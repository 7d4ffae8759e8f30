import { pluralIn } from "../plural";

const plural = pluralIn("en");

export const timeline = {
  label: "Messages",
  start: "This is the start of the room.",
  olderFailed: "Older messages could not be loaded. Try again",
  loadingOlder: "Loading older messages",
  newMessages: "New messages",
  newest: "Newest",
  messageOf: (name: string, time: string) => `${name}, ${time}`,
  newerFailed: "Newer messages could not be loaded. Try again",
  newCount: (count: number) => plural(count, { one: "1 new message", other: `${count} new messages` }),
  firstUnread: "First unread message",
  notFound: "This message is not there, or not for you to see.",
  readBy: (names: readonly string[], count: number) =>
    `Read by ${names.join(", ")}${count > names.length ? ` and ${count - names.length} more` : ""}`,
  jumpToDate: "Jump to a date",
  date: "Date",
  jump: "Jump",
  edited: "(edited)",
  notSent: "Not sent.",
  delete: "Delete",
  deleted: "Message deleted",
  today: "Today",
  yesterday: "Yesterday",
};

export const notices = {
  created: (actor: string) => `${actor} created this room`,
  named: (actor: string, name: string) => `${actor} named the room “${name}”`,
  nameRemoved: (actor: string) => `${actor} removed the room's name`,
  topic: (actor: string, topic: string) => `${actor} set the topic to “${topic}”`,
  topicRemoved: (actor: string) => `${actor} removed the topic`,
  alias: (actor: string, alias: string) => `${actor} set the room's address to ${alias}`,
  aliasRemoved: (actor: string) => `${actor} removed the room's address`,
  avatar: (actor: string) => `${actor} changed the room's picture`,
  encryption: (actor: string) => `${actor} turned on encryption`,
  replaced: (actor: string) => `${actor} replaced this room with a newer one`,
  called: (actor: string) => `${actor} called`,
  pinned: (actor: string) => `${actor} pinned a message`,
  unpinned: (actor: string) => `${actor} unpinned a message`,
  powerLevels: (actor: string) => `${actor} changed who may do what`,
  serverAcl: (actor: string) => `${actor} changed which servers may take part`,
  joinRules: {
    public: (actor: string) => `${actor} opened the room to everybody`,
    invite: (actor: string) => `${actor} made the room open to invited people only`,
    knock: (actor: string) => `${actor} let people ask to join`,
    restricted: (actor: string) => `${actor} opened the room to members of other rooms`,
    knock_restricted: (actor: string) =>
      `${actor} opened the room to members of other rooms, and let others ask to join`,
  },
  history: {
    world_readable: (actor: string) => `${actor} made the messages readable for everybody`,
    shared: (actor: string) => `${actor} made all messages readable for members`,
    invited: (actor: string) => `${actor} made messages readable for members from their invite on`,
    joined: (actor: string) => `${actor} made messages readable for members from when they joined`,
  },
  guests: {
    can_join: (actor: string) => `${actor} let guests join`,
    forbidden: (actor: string) => `${actor} closed the room to guests`,
  },
  more: (count: number) => plural(count, { one: "1 more change", other: `${count} more changes` }),
  joined: (target: string) => `${target} joined`,
  invited: (actor: string, target: string) => `${actor} invited ${target}`,
  knocked: (target: string) => `${target} asked to join`,
  banned: (actor: string, target: string) => `${actor} banned ${target}`,
  declined: (target: string) => `${target} declined the invite`,
  knockTakenBack: (target: string) => `${target} took back the request to join`,
  left: (target: string) => `${target} left`,
  inviteTakenBack: (actor: string, target: string) => `${actor} took back the invite to ${target}`,
  knockRefused: (actor: string, target: string) => `${actor} refused ${target}'s request to join`,
  unbanned: (actor: string, target: string) => `${actor} lifted the ban on ${target}`,
  removed: (actor: string, target: string) => `${actor} removed ${target}`,
  choseName: (target: string) => `${target} chose a name`,
  nameDropped: (name: string) => `${name} removed their name`,
  renamed: (before: string, now: string) => `${before} is now ${now}`,
  newEvent: "Something new",
  picture: (target: string) => `${target} changed their picture`,
};

export const typing = {
  one: (name: string) => `${name} is typing…`,
  two: (first: string, second: string) => `${first} and ${second} are typing…`,
  three: (first: string, second: string, third: string) => `${first}, ${second} and ${third} are typing…`,
  many: "Several people are typing…",
};
