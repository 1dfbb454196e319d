// Small parts of pages: heads, badges, problems, code to copy, tabs. Not for: forms, charts.
import { html, useEffect, useId, useRef, useState } from "./html.js";
import { say } from "./voice.js";

// The page's title. Arriving on another page moves the focus here, so that a screen reader says where one is.
export function Head({ title, crumbs, children, actions }) {
  const heading = useRef(null);
  useEffect(() => {
    document.title = `${title} - ${document.querySelector("meta[name=application-name]")?.content ?? "AI Gateway"}`;
  }, [title]);
  useEffect(() => {
    if (window.moved) heading.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, []);
  return html`<header class="head">
    <div>
      ${crumbs && html`<p class="crumbs">${crumbs}</p>`}
      <h1 tabindex="-1" ref=${heading}>${title}</h1>
      ${children}
    </div>
    ${actions && html`<div class="actions">${actions}</div>`}
  </header>`;
}

// `kind`: ok, warn, bad, none. The word says it too: a colour alone says nothing to many.
export const Badge = ({ kind = "none", children }) => html`<span class="badge ${kind}">${children}</span>`;

export const Problem = ({ error, retry }) => html`<div class="note bad" role="alert">
  <p>${error.message}</p>
  ${retry && html`<p><button type="button" class="button small" onClick=${retry}>Try again</button></p>`}
</div>`;

export const Waiting = ({ what = "Loading" }) => html`<p class="empty">${what}...</p>`;

// Waits for what useLoad() gives, then shows it.
export function Loaded({ load, children, what }) {
  if (load.value === null) return load.error ? html`<${Problem} error=${load.error} retry=${load.reload} />` : html`<${Waiting} what=${what} />`;
  return html`${load.error && html`<${Problem} error=${load.error} retry=${load.reload} />`}${children(load.value)}`;
}

// Where a page has no clipboard of its own (plain HTTP from another machine), the old way still works.
async function copied(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

export function CopyButton({ text, label = "Copy", what = "the text" }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    const worked = await copied(typeof text === "function" ? text() : text);
    setDone(worked);
    say(worked ? `Copied ${what}.` : "The browser refused to copy: select the text instead.");
  };
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(false), 2000);
    return () => clearTimeout(timer);
  }, [done]);
  return html`<button type="button" class="button small" onClick=${copy}>${done ? "Copied" : label}<span class="hidden"> ${what}</span></button>`;
}

export const Code = ({ text, label, wrapped }) =>
  html`<pre class="code ${wrapped ? "wrapped" : ""}" tabindex="0" role="region" aria-label=${label}>${text}</pre>`;

// `tabs`: title -> a function that draws it. Arrow keys go from tab to tab.
export function Tabs({ tabs, label }) {
  const names = Object.keys(tabs);
  const [chosen, setChosen] = useState(names[0]);
  const current = names.includes(chosen) ? chosen : names[0];
  const base = useId();
  const buttons = useRef({});
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -names.length, End: names.length }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = names.indexOf(current);
    const to = Math.abs(step) > 1 ? (step < 0 ? 0 : names.length - 1) : (at + step + names.length) % names.length;
    setChosen(names[to]);
    buttons.current[names[to]]?.focus();
  };
  return html`<div>
    <div class="tabs" role="tablist" aria-label=${label} onKeyDown=${move}>
      ${names.map((name) => html`<button type="button" role="tab" key=${name} id=${`${base}-${name}`} ref=${(node) => { buttons.current[name] = node; }}
        aria-selected=${String(name === current)} aria-controls=${`${base}-panel`} tabindex=${name === current ? 0 : -1}
        onClick=${() => setChosen(name)}>${name}</button>`)}
    </div>
    <div role="tabpanel" id=${`${base}-panel`} aria-labelledby=${`${base}-${current}`}>${tabs[current]()}</div>
  </div>`;
}

// A question before something that cannot be undone.
export function DangerButton({ label, question, act, small }) {
  const [asking, setAsking] = useState(false);
  const first = useRef(null);
  useEffect(() => { if (asking) first.current?.focus(); }, [asking]);
  if (!asking) return html`<button type="button" class="button danger ${small ? "small" : ""}" onClick=${() => setAsking(true)}>${label}</button>`;
  return html`<span class="row" role="group" aria-label=${question} onKeyDown=${(event) => { if (event.key === "Escape") setAsking(false); }}>
    <span>${question}</span>
    <button type="button" class="button danger small" onClick=${() => { setAsking(false); act(); }}>Yes, ${label.toLowerCase()}</button>
    <button type="button" class="button small" ref=${first} onClick=${() => setAsking(false)}>No</button>
  </span>`;
}
