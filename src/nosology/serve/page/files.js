// Files that are opened or dropped: a note, a work list, or something else, which is refused with the reason.

import { getColumns, Problem, tableType } from "./api.js";
import { $, h } from "./dom.js";

const NO_TEXT = {
  pdf: "A PDF holds pages, not text: copy the note out of it, or save it as a .txt file.",
  docx: "A Word document is not read: save it as plain text (.txt), or paste the note.",
  doc: "A Word document is not read: save it as plain text (.txt), or paste the note.",
  odt: "A text document is not read: save it as plain text (.txt), or paste the note.",
  rtf: "Rich text is not read: save it as plain text (.txt), or paste the note.",
  xlsx: "A workbook is not read here: save the sheet as CSV.",
  xls: "A workbook is not read here: save the sheet as CSV.",
  zip: "An archive is not read: unpack it first.",
  gz: "A compressed file is not read: unpack it first.",
};
const KINDS = [["%PDF", "pdf"], ["PK\u0003\u0004", "zip"], ["{\\rtf", "rtf"], ["\u00d0\u00cf\u0011\u00e0", "doc"], ["\u001f\u008b", "gz"]];
const MANY_BYTES = 2_000_000;

/** Return the text of a note's file. */
export async function noteText(file) {
  const ending = file.name.split(".").pop().toLowerCase();
  const bytes = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const head = String.fromCharCode(...bytes);
  const kind = NO_TEXT[ending] ? ending : KINDS.find(([mark]) => head.startsWith(mark.slice(0, 4)))?.[1];
  if (kind) throw new Problem(0, NO_TEXT[kind]);
  if (file.size > MANY_BYTES) throw new Problem(0, "This file is too large for one note; a work list is a .csv, .jsonl or .parquet file.");
  const text = await file.text();
  if (text.includes("\u0000") || text.includes("\ufffd")) throw new Problem(0, "This file is not text in UTF-8.");
  if (!text.trim()) throw new Problem(0, "This file is empty.");
  return text;
}

export const isTable = (file) => tableType(file) !== undefined;

/** Ask which columns hold what; return them, or null where nobody wants to say. `why` tells what is not clear. */
export async function askColumns(file, why) {
  const columns = await getColumns(file);
  const texts = columns.filter((column) => column.is_text);
  if (!texts.length) throw why;
  const longest = texts.reduce((best, column) => (column.mean_characters > best.mean_characters ? column : best));
  const label = (column) => `${column.name} · ${Math.round(column.mean_characters).toLocaleString("en")} characters on average`;
  $("columns-why").textContent = "None has a name that says so. The one with the longest text is chosen.";
  $("column-text").replaceChildren(...texts.map((column) => h("option", { value: column.name, selected: column === longest }, label(column))));
  for (const [id, otherwise] of [["column-id", "row numbers"], ["column-patient", "not said"]]) {
    $(id).replaceChildren(h("option", { value: "" }, otherwise), ...columns.map((column) => h("option", { value: column.name }, column.name)));
  }
  const dialog = $("columns");
  return new Promise((resolve) => {
    let chosen = null;
    $("columns-form").onsubmit = (event) => {
      event.preventDefault();
      chosen = { text: $("column-text").value };
      for (const name of ["id", "patient"]) if ($(`column-${name}`).value) chosen[name] = $(`column-${name}`).value;
      dialog.close();
    };
    dialog.querySelector(".leave").onclick = () => dialog.close();
    dialog.onclose = () => resolve(chosen);
    dialog.showModal();
  });
}

/** Call `take` with a file that is dropped anywhere on the page. */
export function setUpDrop(take) {
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
    take(event.dataTransfer.files[0]);
  });
}
