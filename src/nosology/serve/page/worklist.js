// A work list: a table that the service reads while the first rows are decided on already. The next rows are read ahead,
// each once; what was decided is with the service, so a reload loses nothing.

import * as api from "./api.js";
import { $, announce, h, percent } from "./dom.js";
import { keep, recall } from "./memory.js";

const POLL_MILLISECONDS = 500;
const READ_AHEAD = 2;

export class WorkList {
  /** `open` is called with a row of the list that was chosen, `fail` with a problem. */
  constructor(open, fail) {
    this.open = open;
    this.fail = fail;
    this.known = new Map(); // row -> promise of the row, read with diagnoses
    this.settled = new Map(); // row -> the row itself, once its promise is kept
    this.skipped = new Set();
    this.ahead = []; // rows that were read ahead last
    this.rows = [];
    this.current = null;
    this.nAsked = 0; // times that the list was asked for, so that a late answer does not undo a newer choice
    this.nTold = 0; // decisions and undoings, which an answer that was asked for before does not know
    for (const id of ["order", "show", "category-filter"]) $(id).addEventListener("change", () => this.refresh().then(() => this.remember()).catch(fail));
  }

  get isOpen() {
    return Boolean(this.batch);
  }

  /** Return whether the open list may go: `ask` is called with one whose table was not fetched since it was decided on. */
  async mayReplace(ask) {
    if (!this.batch) return true;
    const batch = await api.getBatch(this.batch.batch_id).catch((problem) => (problem.status === 404 || problem.status === 410 ? null : this.batch));
    return !batch?.n_decided || batch.is_fetched || ask(batch);
  }

  /** Upload a file and open its first note. */
  async load(file, wanted) {
    const batch = await api.uploadTable(file, wanted);
    if (this.batch) api.forgetBatch(this.batch.batch_id).catch(() => {});
    await this.begin(batch, null);
  }

  /** Go on with a list where it was left; `keepsText` says whether the service may be asked which lists it holds. */
  async restore(keepsText) {
    const place = recall("list", null);
    this.keepsText = keepsText;
    let id = place?.id;
    if (!id && keepsText) id = (await api.getBatches()).batches[0]?.batch_id;
    if (!id) return;
    for (const name of ["order", "show"]) if (place?.[name]) $(name).value = place[name];
    this.skipped = new Set(place?.skipped ?? []);
    try {
      const found = await api.getList(id, this.query());
      await this.begin(found.batch, place?.row ?? null);
    } catch (problem) {
      keep("list", null);
      if (problem.status !== 404) this.fail(problem);
    }
  }

  async begin(batch, row) {
    if (row === null) this.skipped.clear();
    this.known.clear();
    this.settled.clear();
    this.ahead = [];
    this.batch = batch;
    this.current = row;
    $("category-filter").value = "";
    $("worklist").hidden = false;
    document.body.classList.add("has-list");
    $("worklist-kept").textContent = this.keepsText
      ? "The service keeps this list: open the page again, in any tab, and it is here."
      : "This tab remembers the list, not its text: a reload loses nothing, closing the tab does.";
    await this.refresh();
    const first = row ?? this.next();
    if (first !== null) this.select(first);
    this.poll(batch.batch_id).catch(this.fail);
  }

  async poll(id) {
    while (this.batch?.batch_id === id && this.batch.state === "reading") {
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
      if (this.batch?.batch_id === id) await this.refresh();
    }
    if (this.batch?.batch_id !== id) return;
    if (this.batch.state === "failed") this.fail(new api.Problem(0, `Reading the work list stopped: ${this.batch.problem}.`));
    else announce(`The work list is read: ${this.batch.n_rows} notes.`);
  }

  query() {
    const query = { order: $("order").value, show: $("show").value, limit: 500 };
    if ($("category-filter").value) query.category = $("category-filter").value;
    return query;
  }

  /** Show the list as the service knows it now, unless it was asked for again, or another opened, meanwhile. */
  async refresh() {
    const { batch_id: id } = this.batch;
    const mine = ++this.nAsked;
    for (;;) {
      const { nTold } = this;
      const found = await api.getList(id, this.query());
      if (this.batch?.batch_id !== id || mine !== this.nAsked) return;
      if (nTold === this.nTold) return void this.take(found);
    }
  }

  take(found) {
    this.batch = found.batch;
    this.rows = found.rows;
    this.nWanted = found.n_rows;
    this.categories = found.categories;
    for (const item of found.rows.filter((one) => !one.is_blind && this.settled.get(one.row)?.is_blind)) {
      this.known.delete(item.row); // its text was seen in another row, or in the table
      this.settled.delete(item.row);
    }
    this.render();
  }

  /** Return the row to decide next after the open one; null where none is left. */
  next(after = this.current, n = 1, rows = this.rows) {
    const place = rows.findIndex((item) => item.row === after);
    const ahead = [...rows.slice(place + 1), ...rows.slice(0, Math.max(place, 0))];
    const open = ahead.filter((item) => !item.decided && !item.problem && !item.reason && item.row !== after);
    const found = open.sort((one, other) => this.wait(one) - this.wait(other)); // keeps the order of those that wait alike
    return n === 1 ? (found[0]?.row ?? null) : found.slice(0, n).map((item) => item.row);
  }

  /** Return how late a row comes: one that was skipped last. While the list is read, its order changes: then those that
   * were read ahead come first, since nobody waits for them, and those that are still to be read last. */
  wait(item) {
    const isMoving = this.batch.state === "reading" && $("order").value !== "file";
    const toRead = !isMoving || this.ahead.includes(item.row) ? 0 : item.is_read ? 1 : 2;
    return 3 * this.skipped.has(item.row) + toRead;
  }

  /** Open the next note to decide on; return what is to be said where there is none. */
  async advance() {
    const row = this.next() ?? (await this.nextOpen());
    const { n_decided: nDecided, n_rows: nRows } = this.batch;
    if (row === null) return nDecided === nRows ? "Every note of this list is decided." : `No other note waits here; ${nDecided} of ${nRows} are decided.`;
    this.select(row);
    return "";
  }

  /** Ask for the rows that are not decided, since not all are shown; show them where one is left, and return it. */
  async nextOpen() {
    const show = $("show").value === "unsure" ? "unsure" : "open";
    const { batch_id: id } = this.batch;
    const found = await api.getList(id, { ...this.query(), show });
    if (this.batch?.batch_id !== id) return null;
    const row = this.next(this.current, 1, found.rows);
    if (row === null) {
      this.batch = found.batch;
      return null;
    }
    $("show").value = show;
    await this.refresh();
    return row;
  }

  /** Open the row above or below. */
  step(by) {
    const place = this.rows.findIndex((item) => item.row === this.current) + by;
    if (this.rows[place]) this.select(this.rows[place].row);
  }

  skip() {
    if (this.current === null) return;
    this.skipped.add(this.current);
    this.advance().then((end) => end && announce(end)).catch(this.fail);
  }

  select(row) {
    this.current = row;
    this.remember();
    this.render();
    this.reveal();
    this.open(row);
  }

  /** Bring the open row into view in the list, and in the list alone: on a small screen the note is elsewhere. */
  reveal() {
    const list = $("worklist-rows");
    const open = list.querySelector("[aria-current]");
    if (!open) return;
    const [frame, place] = [list.getBoundingClientRect(), open.getBoundingClientRect()];
    list.scrollTop += Math.min(place.top - frame.top, 0) || Math.max(place.bottom - frame.bottom, 0);
  }

  remember() {
    if (this.batch) keep("list", { id: this.batch.batch_id, row: this.current, order: $("order").value, show: $("show").value, skipped: [...this.skipped] });
  }

  /** Return the promise of a row that is read with diagnoses; asked for once. */
  read(row, onBusy) {
    if (!this.known.has(row)) {
      const found = api.readRow(this.batch.batch_id, row, onBusy);
      this.known.set(row, found);
      found.then((told) => this.settled.set(row, told)).catch(() => this.known.delete(row));
    }
    return this.known.get(row);
  }

  /** Read the rows that come next. */
  async readAhead() {
    this.ahead = this.next(this.current, READ_AHEAD);
    for (const row of this.ahead) await this.read(row).catch(() => {});
  }

  isSettled = (row) => this.settled.has(row);
  peek = (row) => api.peekRow(this.batch.batch_id, row);

  async decide(row, decision) {
    return this.told(await api.decideRow(this.batch.batch_id, row, decision));
  }

  async undo(row) {
    return this.told(await api.undoRow(this.batch.batch_id, row));
  }

  /** Keep what the service says of a row after a decision. */
  told(told) {
    this.nTold += 1;
    this.known.set(told.row, Promise.resolve(told));
    this.settled.set(told.row, told);
    const item = this.rows.find((one) => one.row === told.row);
    if (item) {
      this.batch.n_decided += (told.decision ? 1 : 0) - (item.decided ? 1 : 0);
      this.batch.n_hidden += told.is_blind - item.is_blind;
      const { label, probability } = told.prediction;
      Object.assign(item, { decided: told.decision?.category ?? null, verdict: told.decision?.verdict ?? null, was_blind: told.decision?.blind ?? false, is_blind: told.is_blind, label, probability });
    } else this.refresh().catch(this.fail); // undone where decided notes are not shown
    this.render();
    return told;
  }

  render() {
    const { batch } = this;
    const count = (n) => n.toLocaleString("en");
    const isDone = batch.state === "done";
    const hidden = batch.n_hidden ? ` It shows ${batch.n_hidden === 1 ? "1 blind note, which then counts" : `${batch.n_hidden} blind notes, which then count`} as seen.` : "";
    const link = h("a", { href: `/v1/batch/${batch.batch_id}/result`, download: `predictions.${batch.format}`, id: "download" }, "Download the table");
    $("worklist-status").replaceChildren(
      h("p", { class: "file" }, batch.name),
      h("progress", { max: batch.n_rows, value: batch.n_decided, "aria-label": "Notes decided", id: "decided" }),
      h("p", { class: "hint" }, h("b", { id: "n-decided" }, `${count(batch.n_decided)} of ${count(batch.n_rows)} decided`), isDone ? "" : ` · ${count(batch.n_done)} read`),
      isDone ? h("p", { class: "hint" }, link, ".", hidden) : "",
    );
    this.renderCategories();
    const held = document.activeElement?.closest("#worklist-rows [data-row]")?.dataset.row;
    $("worklist-rows").replaceChildren(...this.rows.map((item) => this.row(item)));
    if (held) $("worklist-rows").querySelector(`[data-row="${held}"]`)?.focus({ preventScroll: true });
    if (this.nWanted > this.rows.length) $("worklist-rows").append(h("li", { class: "hint more" }, `The first ${count(this.rows.length)} of ${count(this.nWanted)}; the table has all.`));
  }

  /** Show the categories to choose from; what is there is changed, not replaced, since somebody may be choosing. */
  renderCategories() {
    const select = $("category-filter");
    const options = new Map([...select.options].map((option) => [option.value, option]));
    for (const [name, n] of Object.entries(this.categories)) {
      const words = `${name} (${n})`;
      const option = options.get(name);
      if (!option) select.append(h("option", { value: name }, words));
      else if (option.textContent !== words) option.textContent = words;
      options.delete(name);
    }
    for (const [name, option] of options) {
      if (name === select.value && name) option.textContent = `${name} (0)`;
      else if (name) option.remove();
    }
  }

  row(item) {
    const sure = item.probability === null ? "" : percent(item.probability);
    const guess = item.abstained ? `not sure · ${item.label}` : item.label;
    const what = item.decided ?? (item.problem ? "could not be read" : item.is_blind ? "blind" : item.reason ? "no category" : item.is_read ? guess : "waits");
    const mark = { accepted: "✓", corrected: "✎" }[item.verdict];
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: item.verdict ?? "", "data-row": item.row, "aria-current": item.row === this.current ? "true" : undefined, click: () => this.select(item.row) },
        h("span", { class: "name" }, item.id),
        h("span", { class: "what" }, what, item.was_blind ? " · blind" : ""),
        h("span", { class: "value" }, mark ?? (item.is_blind ? "?" : sure), item.verdict ? h("span", { class: "visually-hidden" }, item.verdict) : null),
      ),
    );
  }
}
