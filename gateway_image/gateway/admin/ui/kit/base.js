// Where clients reach the gateway. It knows its own port; a tunnel or a container engine may have given it another, which
// the reader can say. Not for: this page's own requests, which go to the page's own origin.
const KEY = "base";

function chosen() {
  try {
    return localStorage.getItem(KEY) || "";
  } catch {
    return "";
  }
}

export const shownBase = (proxy) => chosen() || proxy;

// "" goes back to what the gateway knows. Says whether the text is an address.
export function chooseBase(text) {
  const base = text.trim().replace(/\/+$/, "");
  if (base && !/^https?:\/\/[^/\s]+(\/\S*)?$/.test(base)) return false;
  try {
    localStorage.setItem(KEY, base);
  } catch { /* it is forgotten with the page */ }
  return true;
}

// Snippets with the address that the reader chose.
export const rebased = (snippets, proxy) => Object.fromEntries(
  Object.entries(snippets).map(([name, text]) => [name, proxy ? text.replaceAll(proxy, shownBase(proxy)) : text]));
