#!/bin/sh
# /usr/local/lib/bridge/bridge: the program as the account of the units, with their settings. The audit trail has who
# called it. systemd would put variables in the place of a dollar sign, so each is doubled.
for word; do
    shift
    set -- "$@" "$(printf %s "$word" | sed 's/\$/$$/g')"
done
exec sudo systemd-run --quiet --collect --wait --pty --pipe --uid=bridge --working-directory=/var/lib/bridge \
    --property=StateDirectory=bridge --property=StateDirectoryMode=0700 \
    --property=EnvironmentFile=/etc/bridge/bridge.env --setenv=SUDO_USER="${SUDO_USER:-$(id -un)}" \
    /opt/bridge/bin/bridge "$@"
