// Talking to the service.

/** An answer that is no success; `message` is for people. */
export class Problem extends Error {
  constructor(status, detail, retryAfter) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

const BUSY_RETRIES = 5;
let whenSignedOut = () => {};

/** Tell what to do when the service asks for a key. */
export function onSignedOut(callback) {
  whenSignedOut = callback;
}

async function ask(method, path, { body, type = "application/json", isRetry = 0, onBusy } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      body: body === undefined ? undefined : type === "application/json" ? JSON.stringify(body) : body,
      headers: body === undefined ? {} : { "Content-Type": type },
    });
  } catch {
    throw new Problem(0, "The service does not answer. Is it running?");
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const retryAfter = Number(answer.headers.get("Retry-After")) || 0;
  const problem = await answer.json().catch(() => ({}));
  if (answer.status === 401) whenSignedOut();
  if (answer.status === 429 && isRetry < BUSY_RETRIES && onBusy) {
    onBusy(retryAfter);
    await new Promise((resolve) => setTimeout(resolve, retryAfter * 1000));
    return ask(method, path, { body, type, isRetry: isRetry + 1, onBusy });
  }
  throw new Problem(answer.status, problem.detail || `The service answered with status ${answer.status}.`, retryAfter);
}

export const getSession = () => ask("GET", "/v1/session");
export const signIn = (key) => ask("POST", "/v1/session", { body: { key } });
export const getModel = () => ask("GET", "/v1/model");
export const getAgreement = () => ask("GET", "/v1/agreement");
export const getDecisions = (limit) => ask("GET", `/v1/feedback?limit=${limit}`);
export const decide = (decision) => ask("POST", "/v1/feedback", { body: decision });
export const getBatches = () => ask("GET", "/v1/batch");
export const getList = (id, query) => ask("GET", `/v1/batch/${id}/list?${new URLSearchParams(query)}`);
export const getBatch = (id) => ask("GET", `/v1/batch/${id}`);
export const forgetBatch = (id) => ask("DELETE", `/v1/batch/${id}`);

/** Return a row of a list with its text and whatever is known by now. */
export const peekRow = async (id, row) => (await ask("GET", `/v1/batch/${id}/rows?offset=${row}&limit=1`)).rows[0];

/** Return a row with diagnoses to consider; the service reads it once. */
export const readRow = (id, row, onBusy) => ask("GET", `/v1/batch/${id}/rows/${row}`, { onBusy });
export const decideRow = (id, row, decision) => ask("POST", `/v1/batch/${id}/rows/${row}/decision`, { body: decision });
export const undoRow = (id, row) => ask("DELETE", `/v1/batch/${id}/rows/${row}/decision`);

/** Return what the run says of one note, with diagnoses to consider where it can suggest any. */
export async function readNote(id, text, canSuggest, onBusy) {
  const notes = [{ id, text }];
  const found = canSuggest
    ? await ask("POST", "/v1/suggest", { body: { notes, k: 8 }, onBusy })
    : await ask("POST", "/v1/classify", { body: { notes }, onBusy });
  return found.predictions[0];
}

const TABLE_TYPES = {
  csv: "text/csv",
  jsonl: "application/x-ndjson",
  ndjson: "application/x-ndjson",
  parquet: "application/vnd.apache.parquet",
};

/** Return a file's type as the service knows it; undefined for what is no table. */
export const tableType = (file) => TABLE_TYPES[file.name.split(".").pop().toLowerCase()];

/** Upload a table of notes; `wanted` names its columns, and the share of it that is decided blind. */
export const uploadTable = (file, wanted) => ask("POST", `/v1/batch?${new URLSearchParams({ name: file.name.slice(0, 200), suggest: true, ...wanted })}`, { body: file, type: tableType(file) });

/** Return the columns of a table. */
export const getColumns = async (file) => (await ask("POST", "/v1/batch/columns", { body: file, type: tableType(file) })).columns;
