"""The yardstick of accepting: a Flask route that reads the body and answers."""

from flask import Flask, request

app = Flask("bare", static_folder=None)


@app.post("/hooks/<name>")
def receive(name: str) -> tuple[dict[str, str], int]:
    """Says that it took what it did not keep."""
    # As after a signed request: a connection of strangers is closed after some seconds.
    request.environ["bridge.connection"].prove()
    request.get_data()
    return {"status": "accepted"}, 202
