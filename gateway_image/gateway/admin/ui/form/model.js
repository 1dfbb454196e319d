// The name of a model, with what the provider lists at this moment to choose from. Not for: which models are good.
import { html, useEffect, useRef, useState } from "../kit/html.js";
import { own } from "../kit/api.js";
import { plural } from "../kit/format.js";
import { Text } from "./controls.js";

// `config`: the plugin's configuration as the form has it. The gateway asks, with the credential that only it knows.
export function ModelName({ config, id, ...rest }) {
  const [found, setFound] = useState(null);
  const asked = useRef("");
  const key = JSON.stringify([config?.model?.provider, config?.model?.options, config?.auth, config?.route_type]);
  const ask = async (anew) => {
    if (!config?.model?.provider || (asked.current === key && !anew)) return;
    asked.current = key;
    setFound({ waiting: true });
    try {
      const told = await own("models", { config });
      if (asked.current === key) setFound(told);
    } catch (error) {
      if (asked.current === key) setFound({ models: [], problem: error.message });
    }
  };
  useEffect(() => { if (asked.current && asked.current !== key) setFound(null); }, [key]);
  const words = found === null ? ""
    : found.waiting ? "Asking the provider for its models..."
    : found.problem ? `No list of models: ${found.problem}`
    : `${plural(found.models.length, "model")} listed by ${found.url}`;
  return html`<div class="box">
    <div class="with-button">
      <${Text} ...${rest} id=${id} list=${`${id}-models`} onFocus=${() => ask(false)} />
      <button type="button" class="button small" onClick=${() => ask(true)}>List models</button>
    </div>
    <datalist id=${`${id}-models`}>${(found?.models ?? []).map((name) => html`<option key=${name} value=${name}></option>`)}</datalist>
    <p class="help" role="status">${words}</p>
  </div>`;
}
