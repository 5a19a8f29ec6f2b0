import { Shell } from "./parts/shell";
import { Anomalies } from "./pages/anomalies";
import { Approvals } from "./pages/approvals";
import { Components } from "./pages/components";
import { Audit } from "./pages/audit";
import { Changes } from "./pages/changes";
import { Incidents } from "./pages/incidents";
import { Links } from "./pages/links";
import { Overview } from "./pages/overview";
import { Plugins } from "./pages/plugins";
import { Safety } from "./pages/safety";
import { SignIn, Unreachable } from "./pages/signin";
import { Signals } from "./pages/signals";
import { Strategies } from "./pages/strategies";
import { Tokens } from "./pages/tokens";
import { pages } from "./pages/pages";
import { announce } from "./state/announce";
import { route } from "./state/route";
import { who } from "./state/session";

announce();

/** App shows the page of the route to whoever is signed in. */
export function App() {
  if (who.value === undefined) return <Unreachable />;
  if (who.value === null) return <SignIn />;
  const { page, id } = route.value;
  const title = pages.find((p) => p.name === page)?.title ?? "No such page";
  return <Shell title={title}>{content(page, id)}</Shell>;
}

function content(page: string, id: string) {
  switch (page) {
    case "overview":
      return <Overview />;
    case "components":
      return <Components id={id} />;
    case "incidents":
      return <Incidents id={id} />;
    case "approvals":
      return <Approvals id={id} />;
    case "changes":
      return <Changes id={id} />;
    case "anomalies":
      return <Anomalies />;
    case "signals":
      return <Signals id={id} />;
    case "links":
      return <Links id={id} />;
    case "strategies":
      return <Strategies />;
    case "plugins":
      return <Plugins />;
    case "safety":
      return <Safety />;
    case "audit":
      return <Audit id={id} />;
    case "tokens":
      return <Tokens />;
  }
  return (
    <p>
      There is no page of that name. <a href="#/overview">Go to the overview.</a>
    </p>
  );
}
