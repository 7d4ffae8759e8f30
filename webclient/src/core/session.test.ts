import { expect, test } from "vitest";

import { Session } from "./session";
import { memoryStorage } from "./storage";

const credentials = { homeserverUrl: "https://hs.test", userId: "@ann:test", deviceId: "D", accessToken: "t" };

test("a session survives a reload", () => {
  const area = memoryStorage();
  new Session(area).begin(credentials);

  expect(new Session(area).credentials.value).toEqual(credentials);
});

test("an ended session is forgotten, and says why when the user did not end it", () => {
  const area = memoryStorage();
  const session = new Session(area);
  session.begin(credentials);

  session.end("Your session was ended.");

  expect(session.credentials.value).toBeNull();
  expect(session.farewell.value).toBe("Your session was ended.");
  expect(new Session(area).credentials.value).toBeNull();
});

test.each([
  "",
  "{",
  "null",
  "[]",
  '{"userId":"@ann:test"}',
  '{"homeserverUrl":1,"userId":2,"deviceId":3,"accessToken":4}',
])("what is no session in the storage is no session: %s", (text) => {
  const area = memoryStorage();
  area.setItem("hearth.session", text);

  expect(new Session(area).credentials.value).toBeNull();
});
