#!/usr/bin/env bash
# Puts the Mosquitto of another Debian release (testing, where not said) into FOLDER, and says how to start it:
#
#   MOSQUITTO=$(test/mqtt/brokers/fetch-mosquitto.sh FOLDER [RELEASE]) npm run test:brokers
#
# It comes with all its libraries, the loader included, so nothing of this machine's is replaced, and nothing is installed:
# FOLDER can be removed like any other. Needs Debian's mirror and apt; half a minute and 100 MB. Safe to run again.
set -euo pipefail

folder=$(mkdir -p "$1" && cd "$1" && pwd)
release=${2:-testing}
log=$folder/fetch.log
start=$folder/mosquitto

if [ ! -x "$start" ]; then
  mirror=$(grep -rhoE 'https?://[^ ]+/debian/?' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | grep -vE 'security|snapshot' | sort -u | sed -n 1p || true)
  mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial" "$folder/apt/parts" "$folder/root"
  # To this apt nothing is installed yet: it fetches what mosquitto needs, down to libc.
  : >"$folder/apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian} $release main" >"$folder/apt/sources.list"
  apt=(apt-get -qq -o "Dir::Etc::SourceList=$folder/apt/sources.list" -o "Dir::Etc::SourceParts=$folder/apt/parts" -o "Dir::State::Lists=$folder/apt/lists"
    -o "Dir::State::Status=$folder/apt/status" -o "Dir::Cache=$folder/apt" -o Dir::Etc::Preferences=/dev/null -o "Dir::Etc::PreferencesParts=$folder/apt/parts"
    -o APT::Sandbox::User= -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o APT::Update::Post-Invoke= -o DPkg::Post-Invoke=)
  "${apt[@]}" update >"$log" 2>&1
  "${apt[@]}" install --yes --download-only --no-install-recommends mosquitto >>"$log" 2>&1
  for package in "$folder"/apt/archives/*.deb; do dpkg-deb --extract "$package" "$folder/root"; done
  rm -r "$folder/apt"
  loader=$(find "$folder/root" -name 'ld-linux*' | sort | sed -n 1p)
  libraries=$(dirname "$(find "$folder/root" -name libc.so.6 | sed -n 1p)")
  # Names that ldconfig gives when a package is installed.
  PATH=$PATH:/usr/sbin:/sbin ldconfig -n "$libraries"
  cat >"$start.new" <<SH
#!/bin/sh
exec "$loader" --library-path "$libraries" "$folder/root/usr/sbin/mosquitto" "\$@"
SH
  chmod +x "$start.new" && mv "$start.new" "$start"
fi

echo "$start"
