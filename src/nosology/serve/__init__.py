"""The service and its page: a clinician reads, decides and corrects; what is decided becomes training data.

One process around one `Classifier`. The layers, from the wire inwards: `server` (sockets, shutdown), `app` (which route
goes where), `guards` (size, time, keys, headers, what is logged), the routes, `batching` (notes of many requests in one
forward pass), `model` (the run). What is written: `audit` (every prediction, append-only) and `store` (decisions). No
route, log line, metric or error ever carries text of a note, and nothing is written that holds any unless the store was
told to keep texts.
"""
