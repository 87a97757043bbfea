// Notes that were pasted or dropped, until the page is closed; and decisions that the service holds.

import { getDecisions } from "./api.js";
import { $, h, percent } from "./dom.js";

const MARKS = { accepted: "✓", corrected: "✎", undone: "↶" };
const notes = [];

/** Put a note in front of the others. */
export function remember(entry) {
  if (!notes.includes(entry)) notes.unshift(entry);
}

/** Show the notes; `open` is called with one that is chosen. */
export function renderHistory(current, open) {
  $("history-empty").hidden = notes.length > 0;
  $("history").replaceChildren(
    ...notes.map((item) => {
      const { decision, prediction } = item;
      const what = prediction.reason ? "no category" : prediction.abstained ? `not sure · ${prediction.label}` : prediction.label;
      return h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: decision?.verdict ?? "", "aria-current": item === current ? "true" : undefined, click: () => open(item) },
          h("span", { class: "name" }, item.id),
          h("span", { class: "what" }, decision ? decision.category : what),
          h("span", { class: "value" }, decision ? MARKS[decision.verdict] : prediction.reason ? "" : percent(prediction.probability), decision ? h("span", { class: "visually-hidden" }, decision.verdict) : null),
        ),
      );
    }),
  );
}

/** Show the newest decisions that the service holds. */
export async function showEarlier() {
  if (!$("earlier").open) return;
  const { decisions } = await getDecisions(50);
  const rows = decisions.map((item) =>
    h("li", { class: "plain" }, h("span", { class: "name" }, item.note_id || item.note_sha256.slice(0, 8)), h("span", { class: "what" }, item.category, item.blind ? " · blind" : ""), h("span", { class: "value", title: item.verdict }, MARKS[item.verdict], h("span", { class: "visually-hidden" }, item.verdict))),
  );
  $("earlier-rows").replaceChildren(...(rows.length ? rows : [h("li", { class: "hint" }, "None yet.")]));
}
