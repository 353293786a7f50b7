"""The front door: takes a webhook in, whole and proven, stores it, answers.

    body.py    the raw bytes within limits and a deadline, or a refusal
    front.py   POST /hooks/<source>: body → allow → verify → read → store → answer
    admission.py  who connected, and what a source allows
    server.py  the gunicorn settings that keep these promises; gunicorn_worker.py the worker that drains quickly

No rule runs here. Nothing of a request is parsed before its sender was proven, and nothing of a refused request is
kept but metadata.
"""
