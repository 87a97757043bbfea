// The page: paste or drop a note, read it, decide; or work through a list. Everything has a key.

import * as api from "./api.js";
import { askCategory, askKey, askReplace, setUpDialogs, showAgreement, showCard } from "./dialogs.js";
import { $, announce, h, percent } from "./dom.js";
import { askColumns, isTable, noteText, setUpDrop } from "./files.js";
import { BLIND_KEYS, showFinding, showNothing, showReading } from "./finding.js";
import { remember, renderHistory, showEarlier } from "./history.js";
import { setUpKeys } from "./keys.js";
import { keep, recall } from "./memory.js";
import { revealEvidence, showNote } from "./reader.js";
import { WorkList } from "./worklist.js";

let model = null;
let entry = null; // the note on the desk: { id, text, prediction, decision, chosen, row, isBlind, isReading }
let turn = 0; // counts notes put on the desk, so that a late answer finds nobody
let lastRow = null; // of the list, decided last
let isUndoing = false;
const worklist = new WorkList(openRow, showProblem);

const ACTIONS = [
  { id: "accept", key: "a", words: "accept; in a list, go on to the next note", run: () => decide("accepted") },
  { id: "correct", key: "c", words: "correct", run: correct },
  { id: "take", key: "t", words: "take the diagnosis that is chosen", run: () => entry?.chosen >= 0 && take(entry.chosen) },
  { id: "skip", key: "s", words: "skip this note of the list", run: () => worklist.skip() },
  { id: "undo", key: "u", words: "undo the last decision", run: () => undo() },
  { id: "next", key: "j", words: "next note of the list", run: () => worklist.step(1) },
  { id: "previous", key: "k", words: "previous note of the list", run: () => worklist.step(-1) },
  { id: "new", key: "n", words: "new note", run: newNote },
  { id: "edit", key: "e", words: "edit the note", run: editNote },
  { id: "list", key: "l", words: "open a work list", run: () => $("list-file").click() },
  { id: "card", key: "m", words: "model card", run: () => model && showCard(model) },
  { id: "help", key: "?", words: "these keys", run: () => $("help").showModal() },
];
const SHOWN = { accept: () => decide("accepted"), correct, choose, take, skip: () => worklist.skip(), undo: () => undo(), decideBlind: (name) => decide("blind", name) };

async function start() {
  setUpDialogs();
  setUpControls();
  SHOWN.keyOf = setUpKeys(ACTIONS, chooseByKey);
  setUpDrop(takeFile);
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
  $("caution").hidden = !model.caution;
  $("caution").replaceChildren(h("span", {}, model.caution ? `${model.caution[0].toUpperCase()}${model.caution.slice(1)}.` : ""));
  await worklist.restore(model.keeps_text);
  $("run").textContent = `Run ${model.run}${trained}`;
}

/** Show a problem where the eye is, in the place of any before; null takes it away. */
function showProblem(problem) {
  $("problem").replaceChildren(...(problem ? [h("p", { class: "problem-text" }, problem.message)] : []));
  if (problem) $("problem").scrollIntoView({ block: "nearest" });
}

// ---- reading

function put(item) {
  turn += 1;
  entry = item;
  showProblem(null);
  toTop();
  return turn;
}

const waiting = (seconds) => showReading(`The service is busy; trying again in ${seconds} s…`);

async function read(id, text) {
  if (!text.trim()) {
    $("note").focus();
    return;
  }
  const mine = put({ id, text, prediction: null, decision: null, chosen: -1 });
  putOnDesk();
  showReading("Reading…");
  try {
    const prediction = await api.readNote(id, text, model?.can_suggest, waiting);
    if (mine !== turn) return;
    settle(prediction);
    remember(entry);
    present(true);
  } catch (problem) {
    if (mine !== turn) return;
    editNote();
    showNothing();
    showProblem(problem);
  }
}

/** Open a row of the list: at once with what is known, then with diagnoses; then read the next ones ahead. */
async function openRow(row) {
  const mine = put({ id: "", text: "", prediction: null, decision: null, chosen: -1, row });
  try {
    const found = worklist.read(row, waiting);
    if (!worklist.isSettled(row)) {
      const peeked = await worklist.peek(row);
      if (mine !== turn) return;
      fill(peeked, true);
    }
    const told = await found;
    if (mine !== turn) return;
    fill(told, false);
    await worklist.readAhead();
  } catch (problem) {
    if (mine === turn) showProblem(problem);
  }
}

function fill(told, isReading) {
  const wasShown = entry.prediction !== null || entry.isBlind;
  Object.assign(entry, { id: told.id, text: told.text, isBlind: told.is_blind, decision: told.decision, isReading });
  if (told.prediction) settle(told.prediction);
  if (entry.prediction || entry.isBlind) {
    if (wasShown && entry.isBlind) return; // nothing new, and whoever chooses keeps the focus
    present(!wasShown);
  } else {
    putOnDesk();
    showReading(told.problem ? `This note could not be read: ${told.problem}.` : "Reading…");
  }
}

function settle(prediction) {
  entry.prediction = prediction;
  if (entry.chosen < 0) entry.chosen = prediction.suggestions?.length ? 0 : -1;
}

function present(isNew = false) {
  putOnDesk();
  const found = entry.prediction ?? {};
  const chosen = entry.isBlind ? null : found.suggestions?.[entry.chosen];
  showNote(entry.text, chosen?.evidence, entry.isBlind ? [] : found.demands, entry.isBlind ? [] : found.unread);
  showFinding(entry, model, SHOWN);
  renderHistory(entry, reopen);
  if (!isNew) return;
  $("category").focus({ preventScroll: true });
  announce(entry.isBlind ? "Decide before the prediction is shown." : found.reason ? `No category, because ${found.reason}.` : found.abstained ? `Not sure. Most probable: ${found.label}.` : `${found.label}, ${percent(found.probability)}.`);
}

function putOnDesk() {
  $("compose").hidden = true;
  $("reader").hidden = false;
  $("reader-actions").hidden = false;
  $("note-heading").textContent = entry.id || "Note";
  showNote(entry.text);
  document.body.classList.add("has-note");
  document.body.classList.toggle("is-blind", Boolean(entry.isBlind));
}

/** Begin another note at its beginning, wherever the last one was left. */
function toTop() {
  const desk = document.querySelector("main");
  if (desk.getBoundingClientRect().top < 0) desk.scrollIntoView();
  $("findings").scrollTop = 0;
}

function newNote() {
  put(null);
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
  $("note-heading").textContent = "Note";
  document.body.classList.remove("has-note");
  if (!entry?.prediction) showNothing();
  showProblem(null);
  $("note").focus();
}

function reopen(item) {
  put(item);
  present(true);
}

// ---- deciding

function chooseByKey(key) {
  if (entry?.isBlind && !$("reader").hidden) {
    const label = model.labels[BLIND_KEYS.indexOf(key)];
    if (label) decide("blind", label.name);
    return Boolean(label);
  }
  const digit = /^[1-9]$/.test(key);
  if (digit) choose(Number(key) - 1);
  return digit;
}

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
  if (!item || entry.isBlind) return;
  const verdict = item.category === entry.prediction.label ? "accepted" : "corrected";
  decide(verdict, item.category, { value: item.code, version: item.icd_version });
}

function correct() {
  if (!entry || entry.isBlind || !entry.prediction || entry.prediction.reason) return;
  askCategory(model.labels, entry.prediction.ranking, (name) => decide(name === entry.prediction.label ? "accepted" : "corrected", name));
}

/** Store a decision; in a list, go on to the next note. */
async function decide(verdict, category, code) {
  const mine = entry;
  const isReady = mine?.isBlind ? verdict === "blind" : mine?.prediction && !mine.prediction.reason;
  if (!isReady || mine.isDeciding) return;
  mine.isDeciding = true;
  showProblem(null);
  const id = sendingId(mine, verdict, category, code);
  try {
    if (mine.row === undefined) {
      const text = model.keeps_text ? mine.text : undefined;
      mine.decision = await api.decide({ id, receipt: mine.prediction.receipt, verdict, category, code, note_id: mine.id, text });
    } else {
      const told = await worklist.decide(mine.row, { id, category, code });
      Object.assign(mine, { decision: told.decision, isBlind: false });
      sayLast(told);
    }
    mine.sending = null;
  } catch (problem) {
    showProblem(problem);
    return;
  } finally {
    mine.isDeciding = false;
  }
  announce(mine.decision.verdict === "accepted" ? "Accepted and stored." : `Corrected to ${mine.decision.category} and stored.`);
  if (mine !== entry) renderHistory(entry, reopen);
  else if (mine.row === undefined) present();
  else await goOn(mine);
}

/** Go on to the next note of the list; where there is none, show what became of this one and say so. */
async function goOn(mine) {
  mine.isDeciding = true; // a key that comes before the next note is there decides nothing
  const end = await worklist.advance().finally(() => (mine.isDeciding = false));
  if (!end || mine !== entry) return;
  fill(await worklist.read(mine.row), false);
  $("last").append(" ", end);
  announce(end);
}

/** Return the id to send a decision under: that of the last try while the same is tried again, so that it counts once. */
function sendingId(item, ...what) {
  const said = JSON.stringify(what);
  if (item.sending?.said !== said) item.sending = { said, id: crypto.randomUUID() };
  return item.sending.id;
}

/** Say what was decided last, and what the run had said of a note that was blind. */
function sayLast(told) {
  lastRow = told.row;
  const { decision } = told;
  const words = decision.blind ? `you said ${decision.category}, the run said ${decision.predicted}` : decision.category;
  $("last").hidden = false;
  $("last").replaceChildren(`${told.id}: ${words}. `, h("button", { type: "button", class: "link", click: () => undo(told.row) }, "Undo ", h("kbd", {}, SHOWN.keyOf("undo"))));
}

/** Take back a decision: of a row of the list, or without one of the note on the desk, or else the last of the list. */
async function undo(toldRow) {
  const mine = entry;
  if (isUndoing) return;
  isUndoing = true;
  showProblem(null);
  try {
    if (toldRow === undefined && mine && mine.row === undefined) {
      if (!mine.decision) return;
      await api.decide({ id: crypto.randomUUID(), receipt: mine.prediction.receipt, verdict: "undone", category: mine.decision.category, note_id: mine.id });
      mine.decision = null;
      present();
    } else {
      const row = toldRow ?? (mine?.decision ? mine.row : lastRow);
      if (row === null || row === undefined) return;
      await worklist.undo(row);
      if (row === lastRow) forgetLast();
      worklist.select(row);
    }
    announce("Undone.");
  } catch (problem) {
    showProblem(problem);
  } finally {
    isUndoing = false;
  }
}

function forgetLast() {
  lastRow = null;
  $("last").hidden = true;
}

// ---- files

let nextNumber = 1;

async function takeFile(file) {
  if (!file) return;
  showProblem(null);
  try {
    if (isTable(file)) await takeTable(file);
    else await read(file.name.slice(0, 200), await noteText(file));
  } catch (problem) {
    showProblem(problem);
  }
}

async function takeTable(file) {
  const blind = Math.min(Math.max(Number($("blind-share").value) || 0, 0), 50) / 100;
  if (!(await worklist.mayReplace(askReplace))) return;
  forgetLast();
  try {
    await worklist.load(file, { blind });
  } catch (problem) {
    if (problem.status !== 422) throw problem;
    const columns = await askColumns(file, problem);
    if (columns) await worklist.load(file, { blind, ...columns });
  }
}

// ---- controls

function setUpControls() {
  $("compose").addEventListener("submit", (event) => {
    event.preventDefault();
    read(`note ${nextNumber++}`, $("note").value);
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
  $("blind-share").value = recall("blindShare", 10);
  $("blind-share").addEventListener("change", () => keep("blindShare", Number($("blind-share").value)));
  $("new-note").addEventListener("click", newNote);
  $("edit-note").addEventListener("click", editNote);
  $("open-card").addEventListener("click", () => model && showCard(model));
  $("open-agreement").addEventListener("click", () => showAgreement().catch(showProblem));
  $("open-help").addEventListener("click", () => $("help").showModal());
  $("earlier").addEventListener("toggle", () => showEarlier().catch(showProblem));
}

start();
