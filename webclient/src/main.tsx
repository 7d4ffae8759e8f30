import { render } from "preact";

import { App } from "./app";
import { followPreferences } from "./core/appearance";
import { Preferences } from "./core/preferences";
import { Router } from "./core/router";
import { Session } from "./core/session";
import { browserStorage } from "./core/storage";
import "./design/tokens.css";
import "./design/elements.css";
import "./design/avatar.css";

async function start(root: HTMLElement): Promise<void> {
  const storage = browserStorage();
  const preferences = new Preferences(storage);
  await followPreferences(preferences, document.documentElement);
  render(<App session={new Session(storage)} router={new Router(window)} preferences={preferences} />, root);
}

const root = document.getElementById("app");
if (root) void start(root);
