// What the browser keeps: settings of the page, and in the tab which list it was at. Never text of a note.

const NAMES = { keys: localStorage, singleKeys: localStorage, blindShare: localStorage, list: sessionStorage };
const key = (name) => `nosology.${name}`;

/** Return what was kept under a name, or something else. */
export function recall(name, otherwise) {
  const found = NAMES[name].getItem(key(name));
  return found === null ? otherwise : JSON.parse(found);
}

/** Keep a value under a name; null forgets it. */
export function keep(name, value) {
  if (value === null) NAMES[name].removeItem(key(name));
  else NAMES[name].setItem(key(name), JSON.stringify(value));
}
