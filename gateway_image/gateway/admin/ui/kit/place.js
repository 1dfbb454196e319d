// Where the reader is: the address's hash, "#/routes/cohere?tab=x". Not for: what a place shows (app.js).
import { useEffect, useState } from "./html.js";

export function placeOf(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  let segments = [];
  try {
    segments = path.split("/").filter(Boolean).map(decodeURIComponent);
  } catch { /* an address that somebody mistyped leads to the first page */ }
  return { segments, query: new URLSearchParams(query), hash };
}

export function usePlace() {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    const moved = () => setPlace(placeOf(location.hash));
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return place;
}

export const link = (...segments) => `#/${segments.map(encodeURIComponent).join("/")}`;
export const go = (...segments) => { location.hash = link(...segments); };
