import { account } from "./account";
import { auth } from "./auth";
import { common, failures } from "./common";
import { composer } from "./composer";
import { createRoom, invites, joinRoom, members, roomHeader, roomList, shell } from "./rooms";
import { notices, timeline, typing } from "./timeline";

/** The English texts: the table whose keys every other language has, too. */
export const en = {
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
