// Making elements. Text only ever becomes a text node, so nothing in a note can become markup.

/** Return the element with an id. */
export const $ = (id) => document.getElementById(id);

/** Return a new element: attributes from `properties` (functions become listeners), then children. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Return a probability as people read it: never 0 % or 100 % of something that is neither. */
export function percent(share) {
  if (share > 0 && share < 0.005) return "< 1 %";
  if (share < 1 && share >= 0.995) return "> 99 %";
  return `${Math.round(share * 100)} %`;
}

/** Say something to people who listen to the page. */
export function announce(text) {
  $("announcer").textContent = text;
}
