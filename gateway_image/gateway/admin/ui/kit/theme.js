// Light, dark, or as the system says. Not for: colours (style/base.css).
const KEY = "theme";

export const THEMES = { auto: "As the system", light: "Light", dark: "Dark" };

export function theme() {
  try {
    return localStorage.getItem(KEY) in THEMES ? localStorage.getItem(KEY) : "auto";
  } catch {
    return "auto";
  }
}

export function setTheme(name) {
  try {
    localStorage.setItem(KEY, name);
  } catch { /* a browser that keeps nothing keeps no theme */ }
  apply(name);
}

export function apply(name = theme()) {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
}
