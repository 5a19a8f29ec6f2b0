import { render } from "preact";
import "./style/base.css";
import "./style/layout.css";
import "./style/parts.css";
import { App } from "./app";
import { look } from "./state/session";

void look();
render(<App />, document.getElementById("app")!);
