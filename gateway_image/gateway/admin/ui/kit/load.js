// Hooks that fetch: once, or again and again while somebody looks. Not for: what is fetched.
import { useCallback, useEffect, useRef, useState } from "./html.js";

// { value, error, reload }; `value` stays while it is asked for again. `keys`: when one changes, it is asked anew.
export function useLoad(ask, keys) {
  const [state, setState] = useState({ value: null, error: null });
  const turn = useRef(0);
  const reload = useCallback(async () => {
    const mine = ++turn.current;
    try {
      const value = await ask();
      if (mine === turn.current) setState({ value, error: null });
    } catch (error) {
      if (mine === turn.current && error.name !== "AbortError") setState((old) => ({ value: old.value, error }));
    }
  }, keys);
  useEffect(() => {
    setState({ value: null, error: null });
    reload();
    return () => { turn.current++; };
  }, [reload]);
  return { ...state, reload };
}

// Calls `act` every so many milliseconds, not while the page is hidden or `paused`.
export function useEvery(milliseconds, act, paused = false) {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (paused) return undefined;
    const timer = setInterval(() => { if (!document.hidden) latest.current(); }, milliseconds);
    const seen = () => { if (!document.hidden) latest.current(); };
    document.addEventListener("visibilitychange", seen);
    return () => { clearInterval(timer); document.removeEventListener("visibilitychange", seen); };
  }, [milliseconds, paused]);
}
