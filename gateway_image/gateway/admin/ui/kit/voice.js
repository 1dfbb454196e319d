// What screen readers are told when something happened elsewhere on the page. Not for: errors beside their fields.
import { html, useEffect, useState } from "./html.js";

let speak = () => {};

export const say = (text) => speak(text);

export function Voice() {
  const [text, setText] = useState("");
  useEffect(() => {
    // the same words twice are said twice only when the region changes in between
    speak = (words) => { setText(""); requestAnimationFrame(() => setText(words)); };
    return () => { speak = () => {}; };
  }, []);
  return html`<p class="hidden" role="status" aria-live="polite" id="voice">${text}</p>`;
}
