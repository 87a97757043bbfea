// What the run says of a note: the category, how sure it is, the diagnoses to consider, and the decision.

import { $, h, percent } from "./dom.js";

const SHORT_RANKING = 5;

/** Show a finding. `actions` holds accept, correct, choose (a suggestion) and accept suggestion. */
export function showFinding(entry, model, actions) {
  const found = entry.prediction;
  if (found.reason) {
    $("finding").replaceChildren(headline(found, model)); // nothing to rank, and nothing to decide on
    return;
  }
  const parts = [headline(found, model), ranking(found), decision(entry, actions)];
  if (found.demands?.length) parts.splice(1, 0, remark(found.demands));
  if (found.suggestions) parts.push(suggestions(entry, actions));
  $("finding").replaceChildren(...parts);
}

/** Show that a note is being read. */
export function showReading(text) {
  $("finding").replaceChildren(h("p", { class: "reading" }, h("span", { class: "pulse", "aria-hidden": "true" }), text));
}

/** Show what the page is for, before anything was read. */
export function showNothing() {
  const lines = ["The category of the main diagnosis, and how sure that is.", "Diagnoses to consider, with the sentences that support them, where the run can suggest any.", "Your decision: accept or correct, with one key."];
  $("finding").replaceChildren(
    h("div", { class: "empty" }, h("p", {}, "What you will see here"), h("ul", {}, lines.map((line) => h("li", {}, line)))),
  );
}

function headline(found, model) {
  if (found.reason) {
    return h(
      "div",
      { class: "headline unsure" },
      h("p", { class: "category", id: "category", tabindex: "-1" }, "No category"),
      h("p", { class: "sureness" }, `Because ${found.reason}.`),
    );
  }
  if (!found.abstained) {
    return h(
      "div",
      { class: "headline" },
      h("p", { class: "category", id: "category", tabindex: "-1" }, found.label),
      h("p", { class: "sureness" }, h("b", {}, percent(found.probability)), " probable"),
    );
  }
  if (found.is_calibrated === false) {
    return h(
      "div",
      { class: "headline unsure" },
      h("p", { class: "category", id: "category", tabindex: "-1" }, "Not calibrated"),
      h("p", { class: "sureness" }, `The most probable category is `, h("b", {}, found.label), `, but this run was not evaluated on enough notes to say how sure that is. Please read the note yourself.`),
    );
  }
  const threshold = model.calibration?.threshold;
  const rule = threshold ? ` This run answers from ${percent(threshold)} on.` : "";
  return h(
    "div",
    { class: "headline unsure" },
    h("p", { class: "category", id: "category", tabindex: "-1" }, "Not sure"),
    h("p", { class: "sureness" }, `The most probable category is `, h("b", {}, found.label), `, at ${percent(found.probability)}.${rule} Please read the note yourself.`),
  );
}

/** Say quietly that the note speaks to its reader; where, is marked in the note. */
function remark(demands) {
  const places = demands.map((item) => `characters ${item.start + 1} to ${item.end}`).join("; ");
  return h("p", { class: "hint", id: "demands" }, `The note tells its reader what to answer (${places}, marked in the note). Please read it yourself.`);
}

function ranking(found) {
  const members = new Set(found.prediction_set);
  const rows = found.ranking.map((item, place) => bar(item, members.has(item.label), place >= SHORT_RANKING));
  const list = h("ol", { class: "ranking short", id: "ranking", "aria-label": "Categories by probability" }, rows);
  const toggle = h(
    "button",
    {
      type: "button",
      class: "link",
      "aria-expanded": "false",
      "aria-controls": "ranking",
      click: (event) => {
        const isShort = list.classList.toggle("short");
        event.currentTarget.setAttribute("aria-expanded", String(!isShort));
        event.currentTarget.textContent = isShort ? `All ${rows.length} categories` : "Fewer categories";
      },
    },
    `All ${rows.length} categories`,
  );
  return h("div", {}, list, h("p", { class: "set" }, setSentence(found), " ", rows.length > SHORT_RANKING ? toggle : null));
}

function setSentence(found) {
  const n = found.prediction_set.length;
  if (!n) return "";
  const dot = h("span", { class: "dot", "aria-hidden": "true" });
  if (n === 1) return h("span", {}, dot, " Every other category can be ruled out.");
  return h("span", {}, dot, ` ${n} of ${found.ranking.length} categories cannot be ruled out.`);
}

function bar(item, isMember, isExtra) {
  const fill = h("span", { class: "fill" });
  fill.style.setProperty("--share", String(item.probability));
  return h(
    "li",
    { class: [isMember ? "member" : "", isExtra ? "extra" : ""].join(" ").trim() },
    h("span", { class: "name" }, item.label, isMember ? h("span", { class: "visually-hidden" }, " (cannot be ruled out)") : null),
    h("span", { class: "track", "aria-hidden": "true" }, fill),
    h("span", { class: "value" }, percent(item.probability)),
  );
}

function decision(entry, actions) {
  const buttons = [
    h("button", { type: "button", class: "primary", id: "accept", "aria-keyshortcuts": "a", click: actions.accept }, "Accept ", h("kbd", {}, "A")),
    h("button", { type: "button", id: "correct-button", "aria-keyshortcuts": "c", click: actions.correct }, "Correct… ", h("kbd", {}, "C")),
  ];
  const made = entry.decision;
  const words = made && (made.verdict === "accepted" ? `Accepted: ${made.category}` : `Corrected to ${made.category}`);
  const code = made?.code ? `, ${made.code}` : "";
  return h(
    "div",
    { class: "decision", id: "decision" },
    h("div", { class: "actions" }, buttons),
    h("p", { class: `made ${made ? made.verdict : ""}`, id: "made" }, made ? `${words}${code}. Stored.` : ""),
  );
}

function suggestions(entry, actions) {
  const found = entry.prediction;
  if (found.suggestions_reason) {
    return h("section", { class: "suggestions", "aria-labelledby": "suggestions-heading" }, h("h3", { id: "suggestions-heading" }, "No diagnoses to consider"), h("p", { class: "hint" }, `Because ${found.suggestions_reason}.`));
  }
  const rows = found.suggestions.map((item, place) => {
    const isChosen = entry.chosen === place;
    const evidence = item.evidence.filter((piece) => !piece.negated && !piece.family_history).length;
    const named = item.evidence.find((piece) => piece.term && !piece.negated && !piece.family_history)?.term;
    const basis = evidence ? `${evidence} ${evidence === 1 ? "sentence" : "sentences"}` : "no sentence stands out";
    return h(
      "li",
      { class: isChosen ? "chosen" : "" },
      h(
        "button",
        { type: "button", class: "suggestion", "aria-pressed": String(isChosen), click: () => actions.choose(place) },
        h("span", { class: "title" }, item.title),
        h("span", { class: "value" }, percent(item.probability)),
        h("span", { class: "basis" }, h("span", { class: "code" }, item.code), ` ${item.category} · ${basis}`, named ? ` · names “${named}”` : "", item.full_code ? ` · full code ${item.full_code.code}` : " · a rubric, no full code", item.is_seen ? "" : " · never in the training notes"),
      ),
      isChosen ? h("button", { type: "button", class: "take", id: "take", "aria-keyshortcuts": "t", click: () => actions.take(place) }, "Take this diagnosis ", h("kbd", {}, "T")) : null,
    );
  });
  return h(
    "section",
    { class: "suggestions", "aria-labelledby": "suggestions-heading" },
    h("h3", { id: "suggestions-heading" }, "Diagnoses to consider"),
    h("ol", { id: "suggestions" }, rows),
    h("p", { class: "hint" }, `None of these: ${percent(found.none_of_these)}. `, h("span", { class: "for-keys" }, "Press ", h("kbd", {}, "1"), "–", h("kbd", {}, String(Math.min(9, rows.length))), " to see what supports one.")),
  );
}
