"""A small server that speaks OpenAI's protocol for completions and scores with a model: what vLLM does, on a port here.

`spoil` changes what it answers, for tests of what a client makes of that.
"""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import torch


class CompletionsServer:
    """The server, until `stop`."""

    def __init__(self, model: Any, *, names: tuple[str, ...] = ("tiny",)) -> None:
        self.model, self.names = model, names
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.spoil: Callable[[dict[str, Any]], Any] | None = None
        self.status, self.seconds = 200, 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.answer(self, {"object": "list", "data": [{"id": name} for name in outer.names]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append(body)
                outer.headers.append(dict(self.headers))
                said = outer.completions(body)
                outer.answer(self, outer.spoil(said) if outer.spoil else said)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler, said: Any) -> None:
        """Send an answer, as slowly and with the status that a test asked for."""
        time.sleep(self.seconds)
        content = said if isinstance(said, bytes) else json.dumps(said).encode()
        handler.send_response(self.status)
        if self.status == 302:
            handler.send_header("Location", "http://elsewhere.invalid/v1")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    @torch.inference_mode()
    def completions(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return log-probabilities of the tokens of each prompt and one more, as the protocol has it."""
        choices = []
        for index, ids in enumerate(body["prompt"]):
            log_probs = self.model(input_ids=torch.tensor([ids])).logits[0].double().log_softmax(dim=-1)
            said = log_probs[:-1].gather(1, torch.tensor(ids[1:])[:, None])[:, 0].tolist()
            said = [None, *said, float(log_probs[-1].max())]
            choices.append({"index": index, "text": "", "logprobs": {"token_logprobs": said}})
        return {"object": "text_completion", "model": body["model"], "choices": choices[::-1]}
