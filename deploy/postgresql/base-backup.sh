#!/bin/sh
# base-backup.sh <backups> [<arguments of pg_basebackup, as --host and --username>]
#
# A copy of the whole cluster while it works, in <backups>/base-<moment>, checked against its manifest.
# With the archive of the log beside it, every later moment can be had back: restore.sh.
set -eu
backups=${1:?say the folder that backups are kept in}
shift
copy=$backups/base-$(date -u +%Y%m%dT%H%M%SZ)
# The log that the copy itself needs comes along, so that it is whole without the archive.
pg_basebackup --pgdata "$copy.unfinished" --checkpoint fast --wal-method stream --no-password "$@"
pg_verifybackup --quiet "$copy.unfinished"
mv "$copy.unfinished" "$copy"
echo "$copy"
