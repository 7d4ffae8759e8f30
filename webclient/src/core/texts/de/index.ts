import type { Texts } from "..";
import { account } from "./account";
import { auth } from "./auth";
import { common, failures } from "./common";
import { commands, composer } from "./composer";
import { emoji, messages, polls, threads } from "./messages";
import { encryption } from "./encryption";
import { directChat, profile } from "./people";
import { createRoom, directory, invites, joinRoom, members, palette, panels, roomHeader, roomList, search, shell, spaces } from "./rooms";
import { settings } from "./settings";
import { notices, timeline, typing } from "./timeline";

export const de: Texts = {
  account,
  auth,
  commands,
  common,
  composer,
  createRoom,
  directory,
  emoji,
  directChat,
  encryption,
  failures,
  invites,
  joinRoom,
  members,
  messages,
  notices,
  palette,
  panels,
  polls,
  profile,
  roomHeader,
  roomList,
  search,
  settings,
  shell,
  spaces,
  threads,
  timeline,
  typing,
};
