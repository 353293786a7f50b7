"""The front door: takes a webhook in, whole and proven, stores it, answers.

    server.py  the gunicorn settings that keep these promises; gunicorn_worker.py the worker that drains quickly
    connection.py  one client, on top of stream.py: what it may take of time and turns
    exchange.py  its requests: head.py, chunks.py and body.py read them, the WSGI application answers
    front.py   POST /hooks/<source>: body → allow → verify → read → store → answer
    admission.py  who connected, and what a source allows

No rule runs here. Nothing of a request is parsed before its sender was proven, and nothing of a refused request is
kept but metadata.
"""
