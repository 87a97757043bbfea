// Single-letter keys: each can be changed, and all can be turned off (WCAG 2.1.4).

import { $, h } from "./dom.js";
import { BLIND_KEYS } from "./finding.js";
import { keep, recall } from "./memory.js";

/** Bind actions, each `{ id, key, words, run }`; `choose` is told each key first and says whether it was one of its own. */
export function setUpKeys(actions, choose) {
  let changed = recall("keys", {});
  const keyOf = (action) => (BLIND_KEYS.includes(changed[action.id]) ? action.key : (changed[action.id] ?? action.key));
  $("single-keys").checked = recall("singleKeys", true);
  $("single-keys").addEventListener("change", () => keep("singleKeys", $("single-keys").checked));
  $("default-keys").addEventListener("click", () => {
    changed = {};
    keep("keys", null);
    render();
  });

  function change(action, input) {
    const key = input.value.trim().toLowerCase();
    const other = actions.find((item) => item !== action && keyOf(item).toLowerCase() === key);
    const decides = BLIND_KEYS.includes(key);
    if (!key || other || decides) {
      const holder = decides ? "it decides for a category of a blind note" : other?.words;
      $("help-problem").textContent = holder ? `${key.toUpperCase()} is taken: ${holder}.` : "A key is one letter or sign.";
      input.value = keyOf(action).toUpperCase();
      return;
    }
    $("help-problem").textContent = "";
    changed[action.id] = key;
    keep("keys", changed);
    render();
  }

  function render() {
    const row = (action) => {
      const input = h("input", { type: "text", class: "key-input", maxlength: "1", value: keyOf(action).toUpperCase(), "aria-label": `Key: ${action.words}`, change: (event) => change(action, event.currentTarget) });
      return [h("dt", {}, input), h("dd", {}, action.words)];
    };
    const fixed = [["Ctrl ↵", "read the note"], ["1 – 9", "see what supports a diagnosis; of a blind note, decide"]];
    $("help-keys").replaceChildren(...fixed.flatMap(([key, words]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, words)]), ...actions.flatMap(row));
    for (const place of document.querySelectorAll("[data-key]")) place.textContent = keyOf(actions.find((item) => item.id === place.dataset.key)).toUpperCase();
  }

  addEventListener("keydown", (event) => {
    // A field that has just been hidden keeps the focus for a moment; nobody types there.
    const isField = event.target.matches?.("input, textarea, select") && event.target.getClientRects().length > 0;
    const isTyping = isField || document.querySelector("dialog[open]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !$("single-keys").checked) return;
    if (event.repeat) return; // a key that is held would decide the next notes too
    const key = event.key.toLowerCase();
    const action = actions.find((item) => keyOf(item).toLowerCase() === key);
    if (choose(key)) event.preventDefault();
    else if (action) {
      event.preventDefault();
      action.run();
    }
  });
  render();
  return (id) => keyOf(actions.find((item) => item.id === id)).toUpperCase();
}
