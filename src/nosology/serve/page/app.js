// The page: paste or drop a note, read it, decide; or work through a list. Everything has a key.

import * as api from "./api.js";
import { askCategory, askKey, setUpDialogs, showAgreement, showCard } from "./dialogs.js";
import { $, announce, h, percent } from "./dom.js";
import { showFinding, showNothing, showReading } from "./finding.js";
import { revealEvidence, showNote } from "./reader.js";
import { WorkList } from "./worklist.js";

let model = null;
let entry = null; // the note on the desk: { id, text, prediction, decision, chosen, row }
let turn = 0; // counts notes put on the desk, so that a late answer finds nobody
const history = [];
const worklist = new WorkList(openRow, showProblem);

const KEYS = [
  ["Ctrl Enter", "read the note"],
  ["A", "accept", () => decide("accepted")],
  ["C", "correct", correct],
  ["1 – 9", "see what supports a diagnosis"],
  ["T", "take the diagnosis that is chosen", () => entry?.chosen >= 0 && take(entry.chosen)],
  ["J", "next note of the work list", () => worklist.step(1)],
  ["K", "previous note of the work list", () => worklist.step(-1)],
  ["N", "new note", newNote],
  ["E", "edit the note", editNote],
  ["L", "open a work list", () => $("list-file").click()],
  ["M", "model card", () => model && showCard(model)],
  ["?", "these keys", () => $("help").showModal()],
];

async function start() {
  setUpDialogs();
  setUpControls();
  setUpKeys();
  setUpDrop();
  showNothing();
  api.onSignedOut(() => askKey(begin));
  try {
    const session = await api.getSession();
    if (session.needs_key && !session.actor) askKey(begin);
    else await begin();
  } catch (problem) {
    showProblem(problem);
  }
}

async function begin() {
  showProblem(null);
  model = await api.getModel();
  const trained = model.evaluation ? `, ${percent(model.evaluation.accuracy)} accurate on ${model.evaluation.n} test notes` : "";
  $("run").textContent = `Run ${model.run}${trained}`;
  $("caution").hidden = !model.caution;
  $("caution").textContent = model.caution ? `${model.caution[0].toUpperCase()}${model.caution.slice(1)}.` : "";
}

function showProblem(problem) {
  $("problem").replaceChildren(...(problem ? [h("p", { class: "problem-text" }, problem.message)] : []));
}

// ---- reading

async function read(id, text, row) {
  if (!text.trim()) {
    $("note").focus();
    return;
  }
  const mine = ++turn;
  entry = { id, text, prediction: null, decision: null, chosen: -1, row };
  putOnDesk();
  showProblem(null);
  showReading("Reading…");
  try {
    const prediction = await api.readNote(id, text, model?.can_suggest, (seconds) => showReading(`The service is busy; trying again in ${seconds} s…`));
    if (mine !== turn) return;
    entry.prediction = prediction;
    entry.chosen = prediction.suggestions?.length ? 0 : -1;
    remember(entry);
    present();
    $("category").focus({ preventScroll: true });
    announce(prediction.reason ? `No category, because ${prediction.reason}.` : prediction.abstained ? `Not sure. Most probable: ${prediction.label}.` : `${prediction.label}, ${percent(prediction.probability)}.`);
  } catch (problem) {
    if (mine !== turn) return;
    editNote();
    showNothing();
    showProblem(problem);
  }
}

function openRow(row) {
  const known = history.find((item) => item.row === row.row && item.text === row.text);
  if (known || row.prediction.reason || !model.can_suggest) {
    turn += 1;
    entry = known ?? { id: row.id, text: row.text, prediction: row.prediction, decision: null, chosen: -1, row: row.row };
    if (!known) remember(entry);
    showProblem(null);
    present();
    announce(`${row.id}: ${row.prediction.label || "no category"}.`);
  } else read(row.id, row.text, row.row);
}

function present() {
  putOnDesk();
  const cut = entry.prediction.truncated_tokens;
  $("truncated").hidden = !cut;
  $("truncated").textContent = cut ? `${cut.toLocaleString("en")} tokens of the note did not fit and were not read.` : "";
  const chosen = entry.prediction.suggestions?.[entry.chosen];
  showNote(entry.text, chosen?.evidence, entry.prediction.demands);
  showFinding(entry, model, { accept: () => decide("accepted"), correct, choose, take });
  renderHistory();
}

function putOnDesk() {
  $("compose").hidden = true;
  $("reader").hidden = false;
  $("reader-actions").hidden = false;
  $("truncated").hidden = true;
  showNote(entry.text);
  document.body.classList.add("has-note");
}

function newNote() {
  turn += 1;
  entry = null;
  $("note").value = "";
  toCompose();
}

function editNote() {
  if (!entry) return;
  turn += 1;
  $("note").value = entry.text;
  toCompose();
}

function toCompose() {
  $("compose").hidden = false;
  $("reader").hidden = true;
  $("reader-actions").hidden = true;
  document.body.classList.remove("has-note");
  if (!entry?.prediction) showNothing();
  showProblem(null);
  $("note").focus();
}

// ---- deciding

function choose(place) {
  if (!entry?.prediction?.suggestions?.[place]) return;
  entry.chosen = place;
  present();
  $("suggestions").children[place].querySelector("button").focus({ preventScroll: true });
  revealEvidence();
  const item = entry.prediction.suggestions[place];
  announce(`${item.title}, ${percent(item.probability)}, ${item.evidence.length} sentences marked.`);
}

function take(place) {
  const item = entry?.prediction?.suggestions?.[place];
  if (!item) return;
  const verdict = item.category === entry.prediction.label ? "accepted" : "corrected";
  decide(verdict, item.category, { value: item.code, version: item.icd_version });
}

function correct() {
  if (!entry?.prediction || entry.prediction.reason) return;
  askCategory(model.labels, entry.prediction.ranking, (name) => decide(name === entry.prediction.label ? "accepted" : "corrected", name));
}

async function decide(verdict, category, code) {
  const mine = entry;
  if (!mine?.prediction || mine.prediction.reason) return;
  showProblem(null);
  const text = model.keeps_text ? mine.text : undefined;
  try {
    const id = crypto.randomUUID();
    mine.decision = await api.decide({ id, receipt: mine.prediction.receipt, verdict, category, code, note_id: mine.id, text });
  } catch (problem) {
    showProblem(problem);
    return;
  }
  if (mine.row !== undefined) worklist.decided(mine.row, mine.decision);
  announce(verdict === "accepted" ? "Accepted and stored." : `Corrected to ${mine.decision.category} and stored.`);
  if (mine === entry) present();
  else renderHistory();
}

// ---- history

function remember(item) {
  if (!history.includes(item)) history.unshift(item);
}

function renderHistory() {
  $("history-empty").hidden = history.length > 0;
  $("history").replaceChildren(
    ...history.map((item) => {
      const verdict = item.decision?.verdict;
      const what = item.prediction.reason ? "no category" : item.prediction.abstained ? `not sure · ${item.prediction.label}` : item.prediction.label;
      return h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: verdict ?? "", "aria-current": item === entry ? "true" : undefined, click: () => reopen(item) },
          h("span", { class: "name" }, item.id),
          h("span", { class: "what" }, item.decision ? item.decision.category : what),
          h("span", { class: "value" }, verdict ? (verdict === "accepted" ? "✓" : "✎") : item.prediction.reason ? "" : percent(item.prediction.probability)),
          verdict ? h("span", { class: "visually-hidden" }, verdict) : null,
        ),
      );
    }),
  );
}

function reopen(item) {
  turn += 1;
  entry = item;
  present();
  $("category").focus({ preventScroll: true });
}

async function showEarlier() {
  if (!$("earlier").open) return;
  try {
    const { decisions } = await api.getDecisions(50);
    $("earlier-rows").replaceChildren(
      ...decisions.map((item) =>
        h("li", { class: "plain" }, h("span", { class: "name" }, item.note_id || item.note_sha256.slice(0, 8)), h("span", { class: "what" }, item.category), h("span", { class: "value", title: item.verdict }, item.verdict === "accepted" ? "✓" : "✎", h("span", { class: "visually-hidden" }, item.verdict))),
      ),
    );
    if (!decisions.length) $("earlier-rows").replaceChildren(h("li", { class: "hint" }, "None yet."));
  } catch (problem) {
    showProblem(problem);
  }
}

// ---- files

let nextNumber = 1;
const nextId = () => `note ${nextNumber++}`;

async function takeFile(file) {
  if (!file) return;
  if (api.tableType(file)) {
    try {
      await worklist.load(file);
    } catch (problem) {
      showProblem(problem);
    }
    return;
  }
  const text = await file.text();
  if (text.includes("\u0000")) showProblem(new api.Problem(0, "This file is not text."));
  else read(file.name.slice(0, 200), text);
}

function setUpDrop() {
  const shade = $("drop");
  let depth = 0;
  const isFile = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => {
    if (!isFile(event)) return;
    depth += 1;
    shade.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (isFile(event) && --depth <= 0) shade.hidden = true;
  });
  addEventListener("dragover", (event) => isFile(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    depth = 0;
    shade.hidden = true;
    takeFile(event.dataTransfer.files[0]);
  });
}

// ---- controls and keys

function setUpControls() {
  $("compose").addEventListener("submit", (event) => {
    event.preventDefault();
    read(nextId(), $("note").value);
  });
  $("note").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("compose").requestSubmit();
  });
  $("open-note").addEventListener("click", () => $("note-file").click());
  $("open-list").addEventListener("click", () => $("list-file").click());
  for (const id of ["note-file", "list-file"]) {
    $(id).addEventListener("change", () => {
      takeFile($(id).files[0]);
      $(id).value = "";
    });
  }
  $("new-note").addEventListener("click", newNote);
  $("edit-note").addEventListener("click", editNote);
  $("open-card").addEventListener("click", () => model && showCard(model));
  $("open-agreement").addEventListener("click", () => showAgreement().catch(showProblem));
  $("open-help").addEventListener("click", () => $("help").showModal());
  $("earlier").addEventListener("toggle", showEarlier);
}

function setUpKeys() {
  $("help-keys").replaceChildren(...KEYS.flatMap(([key, words]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, words)]));
  addEventListener("keydown", (event) => {
    // A field that has just been hidden keeps the focus for a moment; nobody types there.
    const isField = event.target.matches?.("input, textarea, select") && event.target.getClientRects().length > 0;
    const isTyping = isField || document.querySelector("dialog[open]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !$("single-keys").checked) return;
    const digit = Number(event.key);
    const bound = KEYS.find(([key, , action]) => action && key.toLowerCase() === event.key.toLowerCase());
    if (digit >= 1 && digit <= 9) choose(digit - 1);
    else if (bound) bound[2]();
    else return;
    event.preventDefault();
  });
}

start();
