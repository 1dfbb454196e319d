// A route as a picture: who calls, what the gateway does, who answers. Read aloud it is a list of three.
import { html } from "./html.js";

const Arrow = () => html`<svg class="arrow" viewBox="0 0 40 12" aria-hidden="true"><path d="M0 6h36M31 1l6 5-6 5" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" /></svg>`;

export function hostOf(url) {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

export function Picture({ route }) {
  const way = `${route.methods.join(", ") || "any method"} ${route.path || route.paths.join(", ") || "any path"}`;
  const asks = Object.entries(route.headers).map(([name, value]) => `${name}: ${value}`);
  return html`<ol class="picture">
    <li class="node"><span class="role">App</span><span class="mono wrap">${way}</span>
      ${[...route.hosts, ...asks].map((text) => html`<span class="small soft wrap" key=${text}>${text}</span>`)}</li>
    <li class="node gate"><${Arrow} /><span class="role">Gateway</span>
      <span class="chips">${[...route.plugins, ...(route.ai ? [route.ai] : [])].map((name) => html`<span class="chip" key=${name}>${name}</span>`)}
        ${!route.plugins.length && !route.ai && html`<span class="soft small">passes it on</span>`}</span></li>
    <li class="node"><${Arrow} /><span class="role">${route.title || "Service"}</span>
      <span class="wrap">${route.ai ? route.model || "the model that the request names" : route.service}</span>
      <span class="small soft wrap">${[...new Set((route.models.length ? route.models : [route]).map((one) => hostOf(one.upstream)))].join(", ")}</span></li>
  </ol>`;
}
