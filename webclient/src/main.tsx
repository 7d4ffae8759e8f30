import { render } from "preact";

import { App } from "./app";
import { Router } from "./core/router";
import { Session } from "./core/session";
import { browserStorage } from "./core/storage";
import "./design/tokens.css";
import "./design/elements.css";
import "./design/avatar.css";

const root = document.getElementById("app");
if (root) render(<App session={new Session(browserStorage())} router={new Router(window)} />, root);
