import "./styles.css";
import { render } from "preact";
import { begin } from "./lib/session.js";
import { startTheme } from "./ui/theme.js";
import { words } from "./lib/failure.js";
import { App } from "./pages/app.js";
import { Notice } from "./ui/parts.js";

const root = document.getElementById("app");
if (root) {
  startTheme();
  begin().then(
    () => render(<App />, root),
    (error: unknown) => render(<Notice tone="bad">{words(error)}</Notice>, root),
  );
}
