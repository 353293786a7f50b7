"""The yardstick of accepting: a Flask route that reads the body and answers."""

from flask import Flask, request

app = Flask("bare", static_folder=None)


@app.post("/hooks/<name>")
def receive(name: str) -> tuple[dict[str, str], int]:
    """Says that it took what it did not keep."""
    request.get_data()
    return {"status": "accepted"}, 202
