// The note as it is read, with the sentences that support a suggestion marked.

import { $, h } from "./dom.js";

/** Return the UTF-16 index of each code point of a text, and its length: the service counts code points. */
function codePointStarts(text) {
  const starts = [];
  for (let index = 0; index < text.length; index += text.codePointAt(index) > 0xffff ? 2 : 1) starts.push(index);
  starts.push(text.length);
  return starts;
}

/** Show a note; `evidence` marks stretches, and so do `demands` of its reader and what was `unread`. */
export function showNote(text, evidence = [], demands = [], unread = []) {
  const starts = codePointStarts(text);
  const at = (offset) => starts[Math.min(Math.max(offset, 0), starts.length - 1)];
  const pieces = [];
  let position = 0;
  const told = demands.map((item) => ({ ...item, isDemand: true }));
  const grey = unread.map((item) => ({ ...item, isUnread: true }));
  for (const item of [...told, ...evidence, ...grey].sort((a, b) => a.start - b.start)) {
    const [start, end] = [Math.max(at(item.start), position), at(item.end)];
    if (end <= start) continue;
    pieces.push(text.slice(position, start), mark(text.slice(start, end), item));
    position = end;
  }
  pieces.push(text.slice(position));
  $("reader").replaceChildren(...pieces);
}

function mark(text, item) {
  if (item.isUnread) return h("span", { class: "unread", title: "not read: it did not fit" }, text);
  if (item.isDemand) return h("mark", { class: "demand", title: "tells the reader what to answer" }, text);
  const kind = item.negated ? "denied" : item.family_history ? "family" : item.history ? "past" : item.uncertain ? "uncertain" : "supports";
  const words = { denied: "denied in the note", family: "of a relative", past: "past, by the note", uncertain: "not certain, by the note", supports: "supports the suggestion" }[kind];
  const name = item.term ? `: ${item.term}` : "";
  return h("mark", { class: kind === "past" || kind === "uncertain" ? "supports" : kind, title: words + name }, text);
}

/** Bring the first marked sentence into view. */
export function revealEvidence() {
  const first = $("reader").querySelector("mark:not(.demand)");
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  first?.scrollIntoView({ block: "nearest", behavior: isCalm ? "auto" : "smooth" });
}
