#!/usr/bin/env bash
# Runs the Home Assistant of FOLDER in the foreground, with the configuration in FOLDER/root/config/NAME. Ends on SIGTERM.
#
#   test/homeassistant/real/run.sh FOLDER NAME
#
# With HASS_FETCH=yes it fetches the packages that it misses. What it needs mounted is mounted in a namespace of its own and gone with it (see setup.sh).
set -euo pipefail

if [ "${HASS_NAMESPACE:-}" != own ]; then
  HASS_NAMESPACE=own exec unshare --mount --propagation private -- "$0" "$@"
fi

root=$1/root
for point in proc dev; do
  mountpoint -q "$root/$point" || mount --bind "/$point" "$root/$point"
done
packages=(--skip-pip)
[ "${HASS_FETCH:-no}" = yes ] && packages=()
exec chroot "$root" env -u PIP_FIND_LINKS SSL_CERT_FILE=/etc/ssl/host.crt PIP_CERT=/etc/ssl/host.crt \
  /opt/ha/bin/hass "${packages[@]}" --config "/config/$2" --log-no-color
