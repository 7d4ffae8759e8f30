import { render } from "preact";

import { App } from "./app";
import { browserAccountArea } from "./core/account-area";
import { followPreferences } from "./core/appearance";
import { Preferences } from "./core/preferences";
import { Router } from "./core/router";
import { Session } from "./core/session";
import { browserStorage, tabStorage } from "./core/storage";
import "./design/tokens.css";
import "./design/elements.css";
import "./design/avatar.css";

async function start(root: HTMLElement): Promise<void> {
  const storage = browserStorage();
  const preferences = new Preferences(storage);
  await followPreferences(preferences, document.documentElement);
  const session = await Session.open(await browserAccountArea(), tabStorage());
  render(<App session={session} router={new Router(window)} preferences={preferences} />, root);
}

const root = document.getElementById("app");
if (root) void start(root);
