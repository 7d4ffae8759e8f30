import { expect, test } from "vitest";

import { memoryArea } from "./account-area";
import { credentialsFrom, Session } from "./session";
import { memoryStorage } from "./storage";

const ann = { homeserverUrl: "https://hs.test", userId: "@ann:test", deviceId: "D", accessToken: "t" };
const bob = { ...ann, userId: "@bob:test", accessToken: "b" };

test("a session survives a reload", async () => {
  const area = memoryArea();
  await (await Session.open(area, memoryStorage())).begin(ann);

  expect((await Session.open(area, memoryStorage())).credentials.value).toMatchObject(ann);
});

test("an ended session is forgotten, and says why when the user did not end it", async () => {
  const [area, tab] = [memoryArea(), memoryStorage()];
  const session = await Session.open(area, tab);
  await session.begin(ann);

  await session.end(ann.userId, "Your session was ended.");

  expect(session.credentials.value).toBeNull();
  expect(session.farewell.value).toBe("Your session was ended.");
  expect(await area.get()).toBeUndefined();
  expect((await Session.open(area, tab)).credentials.value).toBeNull();
});

test("of several accounts each tab shows its own, also after a reload", async () => {
  const area = memoryArea();
  const [tab, otherTab] = [memoryStorage(), memoryStorage()];
  const session = await Session.open(area, tab);
  await session.begin(ann);
  await (await Session.open(area, otherTab)).begin(bob);

  expect((await Session.open(area, tab)).credentials.value?.userId).toBe("@ann:test");
  expect((await Session.open(area, otherTab)).credentials.value?.userId).toBe("@bob:test");
  // What is opened anew shows the one that was last in use.
  expect((await Session.open(area, memoryStorage())).credentials.value?.userId).toBe("@bob:test");
});

test("who adds an account sees the log-in page; who logs out of one sees the other", async () => {
  const session = await Session.open(memoryArea(), memoryStorage());
  await session.begin(ann);
  await session.show(null);
  expect(session.credentials.value).toBeNull();

  await session.begin(bob);
  expect(session.credentials.value?.userId).toBe("@bob:test");
  await session.end(bob.userId);

  expect(session.credentials.value?.userId).toBe("@ann:test");
});

test("new tokens are kept; a soft log-out keeps the device until the next log-in", async () => {
  const area = memoryArea();
  const session = await Session.open(area, memoryStorage());
  await session.begin({ ...ann, refreshToken: "r1" });
  await session.renew(ann.userId, { accessToken: "t2", refreshToken: "r2" });
  await session.softEnd(ann.userId);

  const reloaded = await Session.open(area, memoryStorage());
  expect(reloaded.credentials.value).toMatchObject({
    accessToken: "t2",
    refreshToken: "r2",
    deviceId: "D",
    isSoftLoggedOut: true,
  });
  await reloaded.begin({ ...ann, accessToken: "t3" });
  expect(reloaded.credentials.value).toMatchObject({ accessToken: "t3", isSoftLoggedOut: false });
  expect(reloaded.accounts.value).toHaveLength(1);
});

test.each([
  undefined,
  null,
  [],
  "x",
  { accounts: 1 },
  { accounts: [{ userId: "@ann:test" }, null, 7] },
  { accounts: [{ homeserverUrl: 1, userId: 2, deviceId: 3, accessToken: 4 }], lastShown: 5 },
])("what is no session in the storage is no session: %j", async (raw) => {
  const area = { get: () => Promise.resolve(raw), update: () => Promise.resolve() };

  expect((await Session.open(area, memoryStorage())).credentials.value).toBeNull();
});

test("a log-in's answer without a token is refused with a sentence", () => {
  expect(() => credentialsFrom("https://hs.test", { user_id: "@a:b", device_id: "D" })).toThrow(/access token/);
});
