// Correcting, the model card, agreement and drift, the keys, and signing in.

import * as api from "./api.js";
import { $, h, percent } from "./dom.js";

const FEWEST_NOTES = 100; // below, chance alone moves the stability index past its usual limits

/** Make every dialog close with its cross or a click beside it. */
export function setUpDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.querySelector(".close")?.addEventListener("click", () => dialog.close());
    if (dialog.id !== "sign-in") dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }
  $("sign-in").addEventListener("cancel", (event) => event.preventDefault());
}

/** Ask which category is right, the likely ones first, and call back with it. */
export function askCategory(labels, ranking, callback) {
  const place = new Map(ranking.map((item, rank) => [item.label, rank]));
  const ordered = [...labels].sort((a, b) => place.get(a.name) - place.get(b.name));
  const predicted = ranking[0].label;
  const dialog = $("correct");
  const filter = $("correct-filter");
  const list = $("correct-options");
  let shown = [];
  let active = 0;
  const choose = (name) => {
    dialog.close();
    callback(name);
  };
  const render = () => {
    const words = filter.value.trim().toLowerCase();
    shown = ordered.filter((label) => `${label.name} ${label.description} ${label.icd10}`.toLowerCase().includes(words));
    active = Math.min(active, Math.max(shown.length - 1, 0));
    list.replaceChildren(
      ...shown.map((label, place) =>
        h(
          "li",
          { role: "option", id: `option-${place}`, "aria-selected": String(place === active), click: () => choose(label.name) },
          h("span", {}, label.name, label.name === predicted ? " (predicted)" : ""),
          h("span", { class: "codes" }, label.icd10),
        ),
      ),
    );
    filter.setAttribute("aria-activedescendant", shown.length ? `option-${active}` : "");
    list.children[active]?.scrollIntoView({ block: "nearest" });
  };
  filter.oninput = () => {
    active = 0;
    render();
  };
  filter.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      active = (active + step + shown.length) % Math.max(shown.length, 1);
      render();
    } else if (event.key === "Enter" && shown[active]) {
      choose(shown[active].name);
    } else return;
    event.preventDefault();
  };
  filter.value = "";
  active = 1; // the runner-up: who corrects does not want the first
  render();
  dialog.showModal();
  filter.focus();
}

/** Ask whether a list that was decided on may go; return the answer. */
export function askReplace(batch) {
  const dialog = $("replace");
  const made = batch.n_decided === 1 ? "1 decision" : `${batch.n_decided.toLocaleString("en")} decisions`;
  $("replace-what").textContent = `The table of ${batch.name || "the open list"} holds ${made} that you have not downloaded. Opening another list takes the table away; what was decided stays with the service.`;
  return new Promise((resolve) => {
    let isAgreed = false;
    $("replace-go").onclick = () => {
      isAgreed = true;
      dialog.close();
    };
    dialog.querySelector(".leave").onclick = () => dialog.close();
    dialog.onclose = () => resolve(isAgreed);
    dialog.showModal();
  });
}

const row = (name, value) => [h("dt", {}, name), h("dd", {}, value)];
const interval = (pair) => (pair ? ` (${percent(pair[0])} to ${percent(pair[1])})` : "");

/** Show what the run says of itself. */
export function showCard(model) {
  const { evaluation, calibration, sha256 } = model;
  const preparation = model.trained_on.preparation;
  const parts = [
    h("ul", { class: "limits" }, model.limits.map((limit) => h("li", {}, limit))),
    h(
      "dl",
      { class: "key" },
      row("Run", model.run),
      row("Base model", `${model.model.name}, ${Math.round(model.model.n_parameters / 1e6)} million parameters`),
      row("Trained on", `${model.trained_on.n_notes.toLocaleString("en")} notes`),
      row("Notes are", [preparation.deidentify ? "de-identified" : "taken with their identifiers", preparation.lowercase ? ", lower-cased" : "", preparation.strip_punctuation ? ", without punctuation" : ""].join("")),
      row("Reading length", model.max_note_tokens ? `${model.max_note_tokens.toLocaleString("en")} tokens` : "as the model allows"),
      evaluation ? row("Accuracy", `${percent(evaluation.accuracy)}${interval(evaluation.accuracy_interval)} of ${evaluation.n} notes it never saw`) : row("Accuracy", "this run was not evaluated"),
      evaluation ? row("Macro-F1", evaluation.macro_f1.toFixed(2)) : [],
      evaluation?.ece !== undefined && evaluation?.ece !== null ? row("Calibration error", percent(evaluation.ece)) : [],
      calibration ? row("Answers from", calibration.threshold === null ? "never: no threshold was good enough" : `${percent(calibration.threshold)} on, for an accuracy of ${percent(calibration.selective_accuracy)}`) : row("Calibration", "none: probabilities are the model's own"),
      calibration ? row("Prediction sets", `hold the right category for ${percent(calibration.coverage)} of notes like its own`) : [],
      row("Text of notes", model.keeps_text ? "is kept, de-identified, with decisions" : "is not kept"),
    ),
    h("details", {}, h("summary", {}, "Categories"), h("ul", { class: "labels" }, model.labels.map((label) => h("li", {}, h("b", {}, label.name), ` ${label.description} `, h("span", { class: "codes" }, label.icd10))))),
    h("details", {}, h("summary", {}, "Hashes and versions"), h("dl", { class: "key hashes" }, Object.entries(sha256).map(([name, value]) => row(name, value)), Object.entries(model.versions).map(([name, value]) => row(name, value)))),
  ];
  $("card-content").replaceChildren(...parts.flat());
  $("card").showModal();
}

/** Show how often people agreed, and whether the notes drift. */
export async function showAgreement() {
  const found = await api.getAgreement();
  const parts = [];
  if (!found.n_decisions) parts.push(h("p", {}, "Nobody has decided on a note yet."));
  else {
    parts.push(
      h("p", { class: "figure" }, h("b", {}, percent(found.agreement)), ` accepted${interval(found.agreement_interval)}: ${found.n_accepted} of ${found.n_decisions} notes, ${found.n_corrected} corrected.`),
      h("dl", { class: "key", id: "blind-and-seen" }, ...[["blind", "Decided blind"], ["seen", "Prediction seen first"]].flatMap(([name, words]) => row(words, found[name].n_decisions ? `${percent(found[name].agreement)}${interval(found[name].agreement_interval)}: ${found[name].n_accepted} of ${found[name].n_decisions}` : "none yet"))),
      table(["Predicted", "Accepted", "Corrected", "Mostly to"], found.categories.filter((item) => item.n_predicted).map((item) => [item.category, item.n_accepted, item.n_corrected, Object.keys(item.corrected_to)[0] ?? "–"])),
    );
  }
  if (found.drift) {
    const { drift } = found;
    const words = drift.n_notes < FEWEST_NOTES ? "too few notes to tell" : drift.psi < 0.1 ? "no drift to speak of" : drift.psi < 0.25 ? "some drift" : "the notes differ from the training notes";
    parts.push(
      h("h3", {}, "Drift"),
      h("p", {}, `${drift.n_notes.toLocaleString("en")} notes read; not sure about ${percent(drift.not_sure_share)}.`, drift.psi === null ? "" : ` Stability index ${drift.psi.toFixed(2)}: ${words}.`),
      table(["Category", "Read here", "Training"], drift.categories.map((item) => [item.category, percent(item.now), item.training === null ? "–" : percent(item.training)])),
    );
  }
  $("agreement-content").replaceChildren(...parts);
  $("agreement").showModal();
}

function table(head, rows) {
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": head[0] },
    h("table", {}, h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, place) => (place ? h("td", {}, String(cell)) : h("th", { scope: "row" }, cell))))))),
  );
}

/** Ask for a key until one is right. */
export function askKey(callback) {
  const dialog = $("sign-in");
  if (dialog.open) return;
  $("sign-in-form").onsubmit = async (event) => {
    event.preventDefault();
    try {
      await api.signIn($("key").value);
      $("key").value = "";
      dialog.close();
      callback();
    } catch (problem) {
      $("sign-in-problem").textContent = problem.message;
      $("key").select();
    }
  };
  dialog.showModal();
}
