import type { Texts } from "..";
import { account } from "./account";
import { auth } from "./auth";
import { common, failures } from "./common";
import { composer } from "./composer";
import { createRoom, invites, joinRoom, members, roomHeader, roomList, shell } from "./rooms";
import { notices, timeline, typing } from "./timeline";

export const de: Texts = {
  account,
  auth,
  common,
  composer,
  createRoom,
  failures,
  invites,
  joinRoom,
  members,
  notices,
  roomHeader,
  roomList,
  shell,
  timeline,
  typing,
};
