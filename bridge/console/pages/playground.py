"""The playground: a draft of one mapping file meets a sample. Nothing is sent or saved."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, render_template, request

from bridge.admin.scopes import needs
from bridge.console.pages import Place
from bridge.console.session import parts, who
from bridge.errors import BridgeError
from bridge.mapping.findings import to_dict
from bridge.services import playground, samples
from bridge.services.drafts import BadDraft, Draft
from bridge.services.playground import Played
from bridge.services.revealing import reveal
from bridge.services.samples import Sample
from bridge.strict import json

blueprint = Blueprint("playground", __name__)
PLACE = Place(
    label="Playground", path="playground", icon="play", group="steer", order=15
)


@blueprint.get("/playground")
@needs("read")
def bench() -> str:
    """A file of the rules in force, and a sample to pick."""
    active = parts().rules.current()
    file = request.args.get("file", "") or _file_for(request.args)
    text = active.texts.get(file, "")
    return _page(Draft(file=file, text=text), _sample(request.args), None, "")


@blueprint.post("/playground")
@needs("operate")
def play() -> str | tuple[str, int]:
    """What the draft makes of the sample."""
    form, kept = request.form, parts()
    file = form.get("new_file", "").strip() or form.get("file", "")
    draft, sample = Draft(file=file, text=form.get("text", "")), _sample(form)
    now = datetime.now(UTC)
    try:
        if sample.event and form.get("reveal") == "yes":
            sample = replace(sample, revealed=_revealed(sample.event, now))
        played = playground.play(
            kept.database,
            kept.rules.current(),
            draft,
            sample,
            settings=kept.settings,
            now=now,
        )
    except BridgeError as error:
        if not isinstance(error, BadDraft) and not hasattr(error, "status"):
            raise
        return _page(draft, sample, None, str(error)), 422
    return _page(draft, sample, played, "")


def _page(draft: Draft, sample: Sample, played: Played | None, mistake: str) -> str:
    kept = parts()
    active = kept.rules.current()
    choices = samples.choices(kept.database, active)
    marks = _marks(draft, played)
    return render_template(
        "playground.html",
        draft=draft,
        sample=sample,
        played=played,
        shown=_shown(played),
        patch=_patch(played),
        mistake=mistake,
        marks=json.dumps(marks).decode(),
        files=sorted(active.texts),
        sources=list(active.sources),
        choices=choices,
        folder=kept.settings.mappings.name,
    )


def _shown(played: Played | None) -> Any:
    """The events of the result as `try --json` has them."""
    if played is None:
        return []
    folder = Path(parts().settings.mappings.name)
    shown = playground.as_json(played, folder)
    return shown["events"]


def _patch(played: Played | None) -> list[str]:
    return [line for one in played.patch for line in one.lines] if played else []


def _marks(draft: Draft, played: Played | None) -> list[Any]:
    """The findings in the draft's own file, for the editor."""
    findings = played.findings if played else ()
    return [
        to_dict(one) for one in findings if one.place and one.place.file == draft.file
    ]


def _sample(given: Any) -> Sample:
    """The sample that was picked last: one of the list, else pasted text, an event, a test."""
    kind, _, name = given.get("sample", "").partition(":")
    pasted, event = given.get("pasted", ""), given.get("event", "").strip()
    if kind == "event":
        return Sample(event=name)
    if kind == "test":
        return Sample(case=name)
    if pasted.strip():
        return Sample(source=given.get("source", ""), pasted=pasted)
    return Sample(event=event) if event else Sample(case=given.get("case", ""))


def _file_for(given: Any) -> str:
    """The file whose rules the named event meets, or the first one."""
    kept = parts()
    active = kept.rules.current()
    wanted = samples.source_of(_sample(given), kept.database, active)
    rules = [one for one in active.rules if wanted in ("", one.source)]
    first = next((one for one in (*rules, *active.rules)), None)
    return first.place.file if first else "rules.yaml"


def _revealed(event: str, now: datetime) -> bool:
    """Whether the person may see what is hidden; it is written into the audit trail."""
    what = samples.event_number(event, parts().database)
    reveal(
        parts().database,
        who(),
        {"events": [what]},
        request.form.get("reason", ""),
        now=now,
    )
    return True
