#!/bin/sh
# sh deploy/secrets.sh <folder>
#
# Makes the four secrets of compose.yaml, each once: what is there already is left as it is. Their
# readers run as other users in their containers, so the folder is what keeps strangers out.
set -eu
folder=${1:?say the folder that the secrets are to be in}
mkdir -p "$folder"
chmod 700 "$folder"

once() {
  [ -s "$folder/$1" ] || cat >"$folder/$1"
  chmod 644 "$folder/$1"
}

perdure keys generate | once admin-key
openssl rand -hex 32 | once node-secret
openssl rand -hex 24 | once postgres-password
printf 'postgres://perdure:%s@postgres/perdure\n' "$(cat "$folder/postgres-password")" | once store
