#!/bin/sh
# restore.sh <backups> <copy> <data> [<setting>…]
#
# Makes a cluster of <copy> (one of base-backup.sh's) and the archive in <backups>/wal, in the folder
# <data>, which must not be there yet. It is not started. Without a setting it goes to the end of the
# archive; else to where the settings say, as one of
#     recovery_target_time='2026-11-27 03:12:00+00'
#     recovery_target_name=before-the-mistake        (made with pg_create_restore_point)
#
# BEFORE: stop every node. One that still works on the old cluster acknowledges what the new one never
# had. (It could not write to the new one: its batches do not follow on what that has.)
set -eu
backups=${1:?say the folder that backups are kept in}
copy=${2:?say which copy: one of base-*}
data=${3:?say the folder of the new cluster}
shift 3
if [ -e "$data" ]; then
  echo "$data is there already: a cluster is restored beside the old one, never over it." >&2
  exit 2
fi
cp -R "$copy" "$data"
chmod 700 "$data"
{
  echo "restore_command = 'cp \"$backups/wal/%f\" \"%p\"'"
  echo "recovery_target_action = promote"
  for setting in "$@"; do
    echo "${setting%%=*} = '${setting#*=}'"
  done
  # The new cluster is another one: it must not write into the archive of the old.
  echo "archive_mode = off"
} >>"$data/postgresql.auto.conf"
touch "$data/recovery.signal"
echo "start it on $data; it takes requests when it has reached its target"
