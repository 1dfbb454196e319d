// The frame of the Manager and which page is shown where. Not for: the pages.
import { html, render, useEffect, useState } from "./kit/html.js";
import { useLoad } from "./kit/load.js";
import { own } from "./kit/api.js";
import { KINDS, NAVIGATION } from "./kit/kinds.js";
import { link, usePlace } from "./kit/place.js";
import { THEMES, apply, setTheme, theme } from "./kit/theme.js";
import { Voice } from "./kit/voice.js";
import { Head } from "./kit/parts.js";
import { Overview } from "./pages/overview.js";
import { Routes } from "./pages/routes.js";
import { RoutePage } from "./pages/route.js";
import { Rows } from "./pages/rows.js";
import { RowPage } from "./pages/row.js";
import { Plugins } from "./pages/plugins.js";
import { PluginPage } from "./pages/plugin.js";
import { Playground } from "./pages/playground.js";
import { Requests } from "./pages/requests.js";
import { Limits } from "./pages/limits.js";

const OWN = { overview: "Overview", playground: "Playground", requests: "Requests", limits: "Limits" };
const titleOf = (name) => OWN[name] ?? KINDS[name].many;

function Side({ current }) {
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(theme());
  const load = useLoad(() => own("about"), []);
  useEffect(() => setOpen(false), [current]);
  return html`<header class="side"><div class="side-in" data-open=${String(open)}>
    <div class="side-top">
      <a class="brand" href="#/"><img src="mark.svg" alt="" /><span>AI Gateway<span class="small">Manager</span></span></a>
      <button type="button" class="button small menu" aria-expanded=${String(open)} aria-controls="navigation" onClick=${() => setOpen(!open)}>Menu</button>
    </div>
    <nav class="nav" id="navigation" aria-label="Pages">
      ${NAVIGATION.map(([title, names]) => html`<div key=${title}>
        ${title && html`<h2>${title}</h2>`}
        <ul>${names.map((name) => html`<li key=${name}><a href=${link(name)} aria-current=${name === current ? "page" : undefined}>${titleOf(name)}</a></li>`)}</ul>
      </div>`)}
    </nav>
    <div class="side-foot small">
      <label for="theme" class="soft">Colours</label>
      <select class="select" id="theme" value=${chosen} onChange=${(event) => { setChosen(event.target.value); setTheme(event.target.value); }}>
        ${Object.entries(THEMES).map(([name, text]) => html`<option key=${name} value=${name}>${text}</option>`)}
      </select>
      ${load.value && html`<p class="soft">Gateway ${load.value.version}</p>`}
    </div>
  </div></header>`;
}

function Page({ place }) {
  const [name = "overview", id] = place.segments;
  const props = { place, id, key: place.hash };
  if (name === "overview") return html`<${Overview} ...${props} />`;
  if (name === "playground") return html`<${Playground} ...${props} />`;
  if (name === "requests") return html`<${Requests} ...${props} />`;
  if (name === "limits") return html`<${Limits} ...${props} />`;
  if (name === "routes" && id !== "new") return id ? html`<${RoutePage} ...${props} />` : html`<${Routes} ...${props} />`;
  if (name === "plugins") return id ? html`<${PluginPage} ...${props} />` : html`<${Plugins} ...${props} />`;
  if (name in KINDS) return id ? html`<${RowPage} kind=${name} ...${props} />` : html`<${Rows} kind=${name} ...${props} />`;
  return html`<${Head} title="There is no such page"><p>Choose one from the menu, or go to the <a href="#/">overview</a>.</p></${Head}>`;
}

function App() {
  const place = usePlace();
  useEffect(() => { addEventListener("hashchange", () => { window.moved = true; }, { once: true }); }, []);
  return html`
    <a class="skip" href="#content" onClick=${(event) => { event.preventDefault(); document.querySelector("h1")?.focus(); }}>Skip to the page</a>
    <div class="frame">
      <${Side} current=${place.segments[0] ?? "overview"} />
      <main class="main" id="content"><${Page} place=${place} /></main>
    </div>
    <${Voice} />`;
}

apply();
const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
