#!/usr/bin/env bash
# Builds a real Home Assistant in FOLDER: a Debian root with a Python new enough for it, and the package `homeassistant` inside.
#
#   test/homeassistant/real/setup.sh FOLDER [--frontend]
#
# Needs root, `npm ci`, Debian's mirror and the Python package index; about two minutes and 1.5 GB. Safe to run again.
# HASS_VERSION names another release. With --frontend its web pages are there too.
#
# Everything that is mounted is mounted in a mount namespace of this script's own: outside of it FOLDER is a plain folder that can be
# removed like any other, also while, or after, this script was killed.
set -euo pipefail

if [ "${HASS_NAMESPACE:-}" != own ]; then
  HASS_NAMESPACE=own exec unshare --mount --propagation private -- "$0" "$@"
fi

folder=$(mkdir -p "$1" && cd "$1" && pwd)
frontend=${2:-}
root=$folder/root
version=${HASS_VERSION:-2026.11.0}
log=$folder/setup.log

if ! command -v debootstrap >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq debootstrap >>"$log" 2>&1
fi

if [ ! -x "$root/usr/bin/python3" ]; then
  mirror=$(grep -rhoE 'https?://[^ ]+/debian/?' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | grep -v security | sort -u | sed -n 1p || true)
  # The script for sid serves testing too, where debootstrap does not know testing's present name.
  debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv testing "$root" "${mirror:-http://deb.debian.org/debian}" \
    /usr/share/debootstrap/scripts/sid >>"$log" 2>&1
fi

cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/host.crt"
[ -e /etc/pip.conf ] && cp -L /etc/pip.conf "$root/etc/pip.conf"
for point in proc dev; do
  mountpoint -q "$root/$point" || mount --bind "/$point" "$root/$point"
done

inside() {
  chroot "$root" env -u PIP_FIND_LINKS SSL_CERT_FILE=/etc/ssl/host.crt PIP_CERT=/etc/ssl/host.crt "$@"
}

# The requirements that Home Assistant would fetch by itself at its first start with these integrations.
requirements_of() {
  inside /opt/ha/bin/python - "$@" <<'PYTHON'
import importlib.util, json, pathlib, sys
components = pathlib.Path(importlib.util.find_spec("homeassistant").origin).parent / "components"
manifests = [json.loads((components / name / "manifest.json").read_text()) for name in sys.argv[1:]]
print(*sorted({requirement for manifest in manifests for requirement in manifest.get("requirements", [])}))
PYTHON
}

[ -x "$root/opt/ha/bin/python" ] || inside python3 -m venv /opt/ha >>"$log" 2>&1
[ -x "$root/opt/ha/bin/uv" ] || inside /opt/ha/bin/pip install -q uv >>"$log" 2>&1
inside /opt/ha/bin/uv pip install -q --python /opt/ha/bin/python "homeassistant==$version" >>"$log" 2>&1

# Ours, and those that the defaults lean on: in one go, rather than one by one at the first start.
integrations=(mqtt recorder history energy camera conversation ffmpeg frontend infrared radio_frequency)
if [ "$frontend" = --frontend ]; then
  # Two of the packages that its pages lean on are built from source.
  inside sh -c 'apt-get -o Acquire::Check-Valid-Until=false update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends g++ python3-dev' >>"$log" 2>&1
  integrations+=(assist_pipeline)
fi
read -r -a requirements <<<"$(requirements_of "${integrations[@]}")"
inside /opt/ha/bin/uv pip install -q --python /opt/ha/bin/python "${requirements[@]}" >>"$log" 2>&1
# Its own Enphase integration, for the test of moving. Where the registry lacks the release that it asks for, this one works in its place.
inside /opt/ha/bin/uv pip install -q --python /opt/ha/bin/python "pyenphase==${PYENPHASE_VERSION:-4.2.0}" >>"$log" 2>&1

# Home Assistant's own defaults need more than that.
here=$(cd "$(dirname "$0")" && pwd)
"$here/../../../node_modules/.bin/node" "$here/first-start.ts" "$folder" "$frontend"

echo "Home Assistant $(inside /opt/ha/bin/hass --version) in $folder"
