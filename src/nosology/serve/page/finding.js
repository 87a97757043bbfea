// What the run says of a note: the category, how sure it is, the diagnoses to consider, and the decision.

import { $, h, percent } from "./dom.js";

const SHORT_RANKING = 5;

/** Show a finding. `actions` holds accept, correct, choose (a suggestion) and accept suggestion. */
export function showFinding(entry, model, actions) {
  if (entry.isBlind) {
    $("finding").replaceChildren(...blind(model, actions));
    return;
  }
  const found = entry.prediction;
  if (found.reason) {
    $("finding").replaceChildren(headline(found, model), flags(found, model)); // nothing to rank, nothing to decide on
    return;
  }
  const parts = [headline(found, model), flags(found, model), decision(entry, actions), ranking(found)];
  if (found.suggestions) parts.push(suggestions(entry, actions));
  else if (entry.isReading) parts.push(h("p", { class: "reading", id: "reading-more" }, h("span", { class: "pulse", "aria-hidden": "true" }), "Reading for diagnoses to consider…"));
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

/** The keys of a blind note's categories, in the label set's order; no action may have one of them. */
export const BLIND_KEYS = [..."123456789qwryiopdf"];

function blind(model, actions) {
  const choices = model.labels.map((label, place) =>
    h("li", {}, h("button", { type: "button", class: "choice", click: () => actions.decideBlind(label.name) }, h("kbd", {}, (BLIND_KEYS[place] ?? "").toUpperCase()), h("span", { class: "name" }, label.name), h("span", { class: "codes" }, label.icd10))),
  );
  return [
    h("div", { class: "headline" }, h("p", { class: "category", id: "category", tabindex: "-1" }, "Yours first"), h("p", { class: "sureness" }, "This note was drawn to be decided before the prediction is shown. Which category is its main diagnosis in?")),
    h("ol", { class: "choices", id: "blind-choices", "aria-label": "Categories" }, choices),
    h("div", { class: "actions" }, skipButton(actions)),
  ];
}

/** What must be known beside the answer, each on a line of its own. */
function flags(found, model) {
  const lines = [];
  const cut = found.truncated_tokens;
  if (cut) lines.push(["unread", `Not read whole: ${cut.toLocaleString("en")} tokens did not fit and are grey in the note.`]);
  if (found.demands?.length) lines.push(["demands", "This note holds an instruction to its reader, marked in it. Please read it yourself."]);
  if (found.caution) lines.push(["caution-here", `${found.caution[0].toUpperCase()}${found.caution.slice(1)}.`]);
  if (!found.is_calibrated) lines.push(["uncalibrated", "This run is not calibrated: how sure it is was never measured."]);
  if (!model.can_suggest) lines.push(["no-suggestions", "This run suggests no diagnoses."]);
  else if (found.suggestions_reason) lines.push(["unfitted", "This run's suggestions were not fitted, so it shows none."]);
  return h("ul", { class: "flags", id: "flags" }, lines.map(([id, words]) => h("li", { id }, words)));
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

/** Return a name that may break behind a stroke. */
const breakable = (name) => name.split(/(?<=\/)/).flatMap((part) => [h("wbr"), part]).slice(1);

function bar(item, isMember, isExtra) {
  const fill = h("span", { class: "fill" });
  fill.style.setProperty("--share", String(item.probability));
  return h(
    "li",
    { class: [isMember ? "member" : "", isExtra ? "extra" : ""].join(" ").trim() },
    h("span", { class: "name" }, breakable(item.label), isMember ? h("span", { class: "visually-hidden" }, " (cannot be ruled out)") : null),
    h("span", { class: "track", "aria-hidden": "true" }, fill),
    h("span", { class: "value" }, percent(item.probability)),
  );
}

function decision(entry, actions) {
  const buttons = [
    h("button", { type: "button", class: "primary", id: "accept", click: actions.accept }, "Accept ", h("kbd", {}, actions.keyOf("accept"))),
    h("button", { type: "button", id: "correct-button", click: actions.correct }, "Correct… ", h("kbd", {}, actions.keyOf("correct"))),
  ];
  if (entry.row !== undefined) buttons.push(skipButton(actions));
  const made = entry.decision;
  const words = made && (made.verdict === "accepted" ? `Accepted: ${made.category}` : `Corrected to ${made.category}`);
  const code = made?.code ? `, ${made.code}` : "";
  return h(
    "div",
    { class: "decision", id: "decision" },
    h("div", { class: "actions" }, buttons),
    h("p", { class: `made ${made ? made.verdict : ""}`, id: "made" }, made ? `${words}${code}. Stored${made.blind ? ", decided blind" : ""}. ` : "", made ? h("button", { type: "button", class: "link", id: "undo", click: actions.undo }, "Undo") : null),
  );
}

const skipButton = (actions) => h("button", { type: "button", id: "skip-button", click: actions.skip }, "Skip ", h("kbd", {}, actions.keyOf("skip")));

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
      isChosen ? h("button", { type: "button", class: "take", id: "take", click: () => actions.take(place) }, "Take this diagnosis ", h("kbd", {}, actions.keyOf("take"))) : null,
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
