import { expect, test } from "vitest";

import { entriesFor, type PaletteRoom } from "./state";

const room = (name: string, note = ""): PaletteRoom => ({ kind: "room", id: `!${name}`, name, note, picture: null, unread: 0 });
const rooms = [room("Quiet corner"), room("Corner shop"), room("Tea", "#tee:test")];
const commands = [{ id: "create", label: "Create a room", icon: "add", run: () => undefined }] as const;
const ann = { kind: "person", id: "@ann:test", name: "Ann", note: "@ann:test", picture: null } as const;

const names = (typed: string): string[] => entriesFor(typed, rooms, [ann], commands).map(({ name }) => name);

test("names that begin with what is typed come first, then those with it inside, then people and commands", () => {
  expect(names("cor")).toEqual(["Corner shop", "Quiet corner", "Ann"]);
  expect(names("")).toEqual(["Quiet corner", "Corner shop", "Tea", "Ann", "Create a room"]);
});

test("all words must be there, in any order, also in the address", () => {
  expect(names("corner quiet")).toEqual(["Quiet corner", "Ann"]);
  expect(names("tee")).toEqual(["Tea", "Ann"]);
});

test("a > at the start asks for commands", () => {
  expect(names(">")).toEqual(["Create a room"]);
  expect(names("> room")).toEqual(["Create a room"]);
});
