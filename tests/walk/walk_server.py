"""docs/deploying.md in a fresh Debian with a running systemd: an address with TLS that survives a reboot.

One line is not typed as printed: nobody gives this machine a certificate, so it makes its own where certbot puts one.
"""

import json
import re
import shutil

from printed import ROOT, printed

PAGE = "docs/deploying.md"
CERTIFICATE = "/etc/letsencrypt/live/hooks.example.com"
# In the place of certbot, and of the name service and the roots that everybody has.
CERTIFIED = [
    f"sudo mkdir -p {CERTIFICATE}",
    "sudo openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=hooks.example.com"
    " -addext subjectAltName=DNS:hooks.example.com"
    f" -keyout {CERTIFICATE}/privkey.pem -out {CERTIFICATE}/fullchain.pem",
    f"sudo install -m 644 {CERTIFICATE}/fullchain.pem /etc/bridge/ca.pem",
    "echo BRIDGE_CA_BUNDLE=/etc/bridge/ca.pem | sudo tee --append /etc/bridge/bridge.env",
    "echo 127.0.0.1 hooks.example.com | sudo tee --append /etc/hosts",
]
CLONED = ["git clone --quiet /srv/bridge.git server", "cd server"]
# A new terminal, as after a reboot.
AGAIN = ["cd server", *[line for line in printed(PAGE) if line.startswith("PATH=")]]


def section(name):
    lines = []
    for line in printed(PAGE, name):
        lines += CERTIFIED if " certbot certonly " in line else [line]
    return lines


SEND = next(line for line in printed(PAGE) if line.startswith("bridge send"))
LIST = "bridge events list --json --limit 1000"


def ids(done):
    """Of the events that the last list has, oldest first."""
    said = [one.said for one in done if one.line == LIST][-1]
    rows = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    return [row["id"] for row in reversed(rows)]


def acknowledged(done):
    """The events that senders were told are accepted, in order."""
    said = "".join(one.said for one in done if one.line.startswith("bridge send"))
    return [int(one) for one in re.findall(r' 202 .*"events":\[(\d+)\]', said)]


def test_to_an_address_with_tls(walked):
    """Twenty minutes; the event that the page sends is accepted over TLS, and there."""
    done = walked([*CLONED, *section("One machine"), LIST])
    assert len(ids(done)) == 1 and acknowledged(done) == ids(done)


def test_it_survives_a_reboot(machine, walked):
    """Nobody types anything: it answers again, has what it acknowledged before, and takes in more."""
    before = acknowledged(walked([*AGAIN, *[SEND] * 20]))
    machine.reboot()
    after = walked([*AGAIN, "bridge doctor --running", LIST])
    assert len(before) == 20 and ids(after)[-20:] == before
    more = walked([*AGAIN, SEND, LIST])
    assert ids(more) == [*ids(after), *acknowledged(more)]


def test_the_unit_can_do_little(machine, walked):
    """What the page says of it, tried from within: the unit with another program, and nothing else changed."""
    shutil.copy(ROOT / "tests" / "walk" / "probe.py", machine.folder / "srv")
    unit = "/etc/systemd/system/bridge-probe.service"
    said = walked(
        [
            *("sudo mkdir -m 777 /srv/open", "sudo mkdir -p /lib/modules"),
            f"sudo sed 's|^ExecStart=.*|ExecStart=/usr/bin/python3 /srv/probe.py|; s|^Type=.*|Type=oneshot|;"
            f" /^Restart/d' /etc/systemd/system/bridge.service | sudo tee {unit}",
            *("sudo systemctl daemon-reload", "sudo systemctl start bridge-probe"),
            "! ls /tmp/probe /var/tmp/probe",
            "sudo cat /var/lib/bridge/probe.json",
        ]
    )
    found = json.loads(re.search(r"^\{.*\}$", said[-1].said, re.MULTILINE)[0])
    assert found == dict.fromkeys(found, False)


def test_a_backup(walked):
    """The nightly service makes one, as confined as it is."""
    *_, last = walked(
        [
            *AGAIN,
            *section("Backup"),
            "sudo systemctl start bridge-backup",
            "sudo ls /var/lib/bridge/backups",
        ]
    )
    assert last.said.count(".db") == 1


def test_an_upgrade_and_back(walked):
    """The new program has what the old one took, and the old one what both took."""
    back = "sudo ln --symbolic --no-dereference --force bridge-1 /opt/bridge"
    restart = "sudo systemctl restart bridge"
    before = ids(walked([*AGAIN, LIST]))
    new = walked([*AGAIN, *section("Upgrade and roll-back"), SEND, LIST])
    assert ids(new) == [*before, *acknowledged(new)]
    old = walked([*AGAIN, back, restart, SEND, LIST])
    assert ids(old) == [*ids(new), *acknowledged(old)]


def test_logs_can_be_read(walked):
    """The page's lines show the bridge's own; an error there is none."""
    lines = [line.replace("| grep", "| grep -c") for line in section("Logs")]
    first, second = walked([lines[0], f"{lines[1]} || true"])
    assert '"event": "process started"' in first.said and "\n0\n" in f"\n{second.said}"


def test_two_receivers_and_a_worker(walked):
    """The page's lines bring them into the place of the one; each can be restarted while the other takes in."""
    done = walked([*AGAIN, *section("Restarts that nobody notices"), SEND, LIST])
    assert acknowledged(done) == ids(done)[-1:]


def test_postgresql(walked):
    """The page's lines on Debian's own server; what is typed at a prompt stands in the statement here."""
    lines = []
    for line in section("PostgreSQL"):
        role = re.search(r"\\password (\w+)", line)
        lines.append(
            line.replace(role[0], f"ALTER ROLE {role[1]} PASSWORD $$PASSWORD$$")
            if role
            else line
        )
    url = "postgresql://bridge_app:PASSWORD@db.example.com/bridge"
    done = walked(
        [
            "sudo apt install postgresql",
            "echo 127.0.0.1 db.example.com | sudo tee --append /etc/hosts",
            *AGAIN,
            *lines,
            f"echo {url} | sudo install -m 640 -g bridge /dev/stdin /etc/bridge/secrets/database-url",
            "sudo sed -i 's|^BRIDGE_DATABASE_URL=.*|BRIDGE_DATABASE_URL_FILE=/etc/bridge/secrets/database-url|'"
            " /etc/bridge/bridge.env",
            "sudo systemctl restart bridge-receiver@a bridge-receiver@b bridge-worker",
            "bridge doctor",
            SEND,
            LIST,
        ]
    )
    assert len(ids(done)) == 1 and acknowledged(done) == ids(done)
