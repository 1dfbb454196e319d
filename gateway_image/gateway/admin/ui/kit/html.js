// What every component is made with. Not for: components.
import { Fragment, h, render } from "../vendor/preact.mjs";
import { useCallback, useEffect, useId, useLayoutEffect, useMemo, useReducer, useRef, useState } from "../vendor/hooks.mjs";
import htm from "../vendor/htm.mjs";

export const html = htm.bind(h);
export { Fragment, h, render, useCallback, useEffect, useId, useLayoutEffect, useMemo, useReducer, useRef, useState };
