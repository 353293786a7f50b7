"""People edit the mapping files while updates wait."""

from storm_rules import EDITS

from bridge.mapping import build


def edit(storm, life):
    """The rules are edited while updates wait for their retry; new ones come before and after."""
    yield
    ill(storm)
    storm.wait(0.1, 0.3)
    name = choose(storm)
    with storm.during(f"edit: {name}"):
        storm.write(storm.rules.text())
        storm.wait(0.3, 0.8)


def edit_before(storm, life):
    """The rules were edited while the bridge was away and its updates waited."""
    storm.tell(f"  edited before: {choose(storm)}")
    storm.write(storm.rules.text())
    yield
    ill(storm)


def broken_file(storm, life):
    """Half of the file is there, and then all of it."""
    yield
    whole = storm.rules.text()
    with storm.during("half a file"):
        storm.write(_half(storm, whole))
        storm.wait(0.2, 0.6)
        storm.write(whole)


def _half(storm, whole):
    """The beginning of a file, and no file by itself: a source without rules yet is one, and would be in force."""
    while True:
        text = whole[: storm.chance.randrange(len(whole))]
        if build({"rules.yaml": text}).ruleset is None:
            return text


def comes_and_goes(storm, life):
    """Events come of a rule that is not there in every round."""
    yield
    for number in range(3):
        event = f"extra_{life.number}_{number}"
        storm.quiet.add(event)
        storm.traffic.post(event, f"9{life.number:06}{number}", "extra")


def choose(storm):
    """Edits the rules by chance; what was done."""
    name = storm.chance.choice(sorted(EDITS))
    storm.rules = EDITS[name](storm.rules)
    return name


def ill(storm):
    """Vambe refuses some calls for now, so that updates wait."""
    storm.sandbox.fault("vambe", status=503, count=storm.chance.randint(2, 6))


DEEDS = (edit, edit_before, broken_file, comes_and_goes)
