#!/usr/bin/env bash
# Carries out the steps of the Dockerfile without a container engine: this machine stands for the base image, below an overlay.
#
#   test/processes/image.sh STEPS NODE PROJECT
#
# STEPS is what image.ts makes of the Dockerfile. All mounts lie in a namespace of this script's own and are gone with it.
set -euo pipefail

if [ "${IMAGE_NAMESPACE:-}" != own ]; then
  IMAGE_NAMESPACE=own exec unshare --mount --propagation private -- "$0" "$@"
fi

steps=$1 node=$2 project=$3
images=$(mktemp -d)
mount -t tmpfs tmpfs "$images"
trap 'umount -R "$images"; rmdir "$images"' EXIT

from() { # NAME: a new stage, with Node where the base image has it
  stage=$images/$1
  mkdir -p "$stage"/{upper,work,root}
  mount -t overlay overlay -o "lowerdir=/,upperdir=$stage/upper,workdir=$stage/work" "$stage/root"
  for point in proc dev; do mount --bind "/$point" "$stage/root/$point"; done
  install -D "$node" "$stage/root/usr/local/bin/node"
  root=$stage/root
}

inside() { # DIRECTORY COMMAND…
  local directory=$1
  shift
  chroot "$root" env PATH="/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin" sh -c 'cd "$1" && shift && exec "$@"' sh "$directory" "$@"
}

copied() { # FROM (a stage or nothing) TO FILE…
  local base=$project to=$2 file
  [ -z "$1" ] || base=$images/$1/root
  shift 2
  mkdir -p "$root$to"
  for file in "$@"; do cp -r "$base/${file#/}" "$root$to"; done
}

sealed() { # VOLUME: from now on only the volume can be written
  mount --rbind "$root" "$root"
  mount --bind "$stage/upper$1" "$root$1"
  mount -o remount,bind,ro "$root"
}

as() { # USER:GROUP DIRECTORY COMMAND…
  local user=$1 directory=$2
  shift 2
  exec chroot --userspec="$user" --groups= "$root" env -i PATH=/usr/local/bin:/usr/bin:/bin "${environment[@]}" \
    sh -c 'cd "$1" && shift && exec "$@"' sh "$directory" "$@"
}

# shellcheck source=/dev/null
. "$steps"
