// A work list: a table that is read in the background while the first rows are decided on already.

import * as api from "./api.js";
import { $, announce, h, percent } from "./dom.js";

const POLL_MILLISECONDS = 500;
const PAGE_ROWS = 200;

export class WorkList {
  /** `open` is called with a row that was chosen, `fail` with a problem. */
  constructor(open, fail) {
    this.open = open;
    this.fail = fail;
    this.rows = [];
    this.current = -1;
    this.decisions = new Map();
  }

  /** Upload a file and show how far it is read. */
  async load(file) {
    if (!api.tableType(file)) throw new api.Problem(0, "A work list is a .csv, .jsonl or .parquet file.");
    if (this.batch) await api.forgetBatch(this.batch.batch_id).catch(() => {});
    this.batch = await api.uploadTable(file);
    this.name = file.name;
    this.rows = [];
    this.current = -1;
    this.decisions.clear();
    $("worklist").hidden = false;
    $("worklist-rows").replaceChildren();
    await this.poll(this.batch.batch_id);
  }

  async poll(id) {
    while (this.batch?.batch_id === id) {
      this.batch = await api.getBatch(id);
      const page = await api.getBatchRows(id, 0, PAGE_ROWS);
      this.rows = page.rows;
      this.render();
      if (this.batch.state !== "reading") break;
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    }
    if (this.batch?.state === "failed") this.fail(new api.Problem(0, `Reading the work list stopped: ${this.batch.problem}.`));
    else announce(`The work list is read: ${this.batch.n_rows} notes.`);
  }

  /** Open the next or previous row. */
  step(by) {
    const next = this.current + by;
    if (next >= 0 && next < this.rows.length) this.select(next);
  }

  select(place) {
    this.current = place;
    this.render();
    $("worklist-rows").children[place]?.scrollIntoView({ block: "nearest" });
    this.open(this.rows[place]);
  }

  /** Remember what was decided on the open row. */
  decided(row, decision) {
    this.decisions.set(row, decision.verdict);
    this.render();
  }

  render() {
    const { batch } = this;
    const isDone = batch.state === "done";
    const bar = h("progress", { max: batch.n_rows, value: batch.n_done, "aria-label": "Notes read" });
    const count = `${batch.n_done.toLocaleString("en")} of ${batch.n_rows.toLocaleString("en")} read`;
    const link = h("a", { href: `/v1/batch/${batch.batch_id}/result`, download: `predictions.${batch.format}`, id: "download" }, "Download predictions");
    $("worklist-status").replaceChildren(h("p", { class: "file" }, this.name), isDone ? h("p", { class: "hint" }, `${batch.n_rows.toLocaleString("en")} notes. `, link) : h("p", { class: "hint" }, bar, ` ${count}`));
    $("worklist-rows").replaceChildren(...this.rows.map((row, place) => this.row(row, place)));
    if (batch.n_rows > this.rows.length) $("worklist-rows").append(h("li", { class: "hint more" }, `The page shows the first ${PAGE_ROWS}; the download has all.`));
  }

  row(row, place) {
    const verdict = this.decisions.get(row.row);
    const found = row.prediction;
    const what = row.problem ? "could not be read" : !found ? "waits" : found.reason ? "no category" : found.abstained ? `not sure · ${found.label}` : found.label;
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: verdict ?? "", "aria-current": place === this.current ? "true" : undefined, disabled: !found, click: () => this.select(place) },
        h("span", { class: "name" }, row.id),
        h("span", { class: "what" }, what),
        h("span", { class: "value" }, verdict ? (verdict === "accepted" ? "✓" : "✎") : found ? percent(found.probability) : ""),
        verdict ? h("span", { class: "visually-hidden" }, verdict) : null,
      ),
    );
  }
}
