"""The service and its page: a clinician reads, decides and corrects; what is decided becomes training data.

One process around one `Classifier`. The layers, from the wire inwards: `server` (sockets, shutdown), `app` (which route
goes where), `http` (size, time, keys, headers, what is logged), `routes`, `service` (read, log, sign), `batching`
(notes of many requests in one forward pass), `model` (the run). Two things are written, both by `nosology.feedback`:
the audit log (every prediction, append-only) and the store of decisions. No log line, metric or error carries text of a
note, and none is kept unless the store was told to.
"""
