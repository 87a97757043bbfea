"""Clients that ask a service for all it does, and remember what it acknowledged."""

import threading
import time
import uuid
from typing import Any

import httpx2

from nosology.files import sha256_text

_LATER = (429, 500, 502, 503, 504)  # 500 is counted apart: it is never meant


def notes(*texts: str) -> dict[str, Any]:
    """Return a request's body."""
    return {"notes": [{"id": str(i), "text": text} for i, text in enumerate(texts)]}


class Load:
    """Threads that read notes and decide on them, and one that uploads tables, until the service goes or they are told.

    Attributes:
        predicted: Hashes of notes whose prediction came back.
        decided: Ids of decisions that were acknowledged.
        refused: Statuses of what was not.
        broken: Kinds of broken connections.
        is_over: Set it and they end.

    Args:
        url: Of the service.
        n_threads: That read and decide.
        with_tables: Whether one more uploads tables and looks at their rows.
    """

    def __init__(self, url: str, n_threads: int = 6, *, with_tables: bool = False) -> None:
        self.url, self.is_over = url, threading.Event()
        self.predicted: list[str] = []
        self.decided: list[str] = []
        self.refused: list[int] = []
        self.broken: list[str] = []
        works = [self._decide] * n_threads + [self._upload] * with_tables
        self.threads = [threading.Thread(target=self._work, args=(work,), daemon=True) for work in works]
        for thread in self.threads:
            thread.start()

    def _work(self, work: Any) -> None:
        with httpx2.Client(base_url=self.url, timeout=60) as client:
            while not self.is_over.is_set():
                try:
                    work(client)
                except httpx2.HTTPError as error:
                    self.broken.append(type(error).__name__)
                    return

    def _asked(self, client: httpx2.Client, method: str, path: str, **body: Any) -> Any:
        """Return a good answer; None where the service said that it cannot now."""
        answer = client.request(method, path, **body)
        if answer.status_code in _LATER:
            self.refused.append(answer.status_code)
            time.sleep(0.01)
            return None
        answer.raise_for_status()
        return answer.json()

    def _decide(self, client: httpx2.Client) -> None:
        text = f"Chest pain, {uuid.uuid4()}"
        if answer := self._asked(client, "POST", "/v1/classify", json=notes(text)):
            self.predicted.append(sha256_text(text))
            body = {"id": str(uuid.uuid4()), "receipt": answer["predictions"][0]["receipt"], "verdict": "accepted"}
            if self._asked(client, "POST", "/v1/feedback", json=body):
                self.decided.append(body["id"])

    def _upload(self, client: httpx2.Client) -> None:
        texts = [f"Burn of the hand, {uuid.uuid4()}" for _ in range(8)]
        table = "text\n" + "".join(f'"{text}"\n' for text in texts)
        taken = self._asked(client, "POST", "/v1/batch", content=table, headers={"Content-Type": "text/csv"})
        while taken and not self.is_over.is_set():
            place = f"/v1/batch/{taken['batch_id']}"
            seen = self._asked(client, "GET", f"{place}/rows?limit=8")
            read = [row for row in seen["rows"] if row["prediction"]] if seen else []
            self.predicted += [sha256_text(row["text"]) for row in read]
            progress = self._asked(client, "GET", place)
            if progress and progress["state"] != "reading":
                client.delete(place)
                return

    def join(self) -> None:
        """Let them end."""
        self.is_over.set()
        for thread in self.threads:
            thread.join(60)
