import type { Texts } from "..";
import { account } from "./account";
import { auth } from "./auth";
import { common, failures } from "./common";
import { commands, composer } from "./composer";
import { emoji, messages, polls, threads } from "./messages";
import { createRoom, invites, joinRoom, members, roomHeader, roomList, shell } from "./rooms";
import { notices, timeline, typing } from "./timeline";

export const de: Texts = {
  account,
  auth,
  commands,
  common,
  composer,
  createRoom,
  emoji,
  failures,
  invites,
  joinRoom,
  members,
  messages,
  notices,
  polls,
  roomHeader,
  roomList,
  shell,
  threads,
  timeline,
  typing,
};
