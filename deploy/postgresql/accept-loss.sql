-- Goes on with a database that has lost its end, where no moment is left at which all databases agree.
--
--     psql "$ahead" -At -v databases=2 -v behind=1 -f accept-loss.sql | psql -1 "$behind"
--
-- `databases`: how many the store has; `behind`: which of them has lost its end, from 0. Run it once for
-- each of the others (`ahead`), with every node stopped and after a backup of all. It reads what the other
-- knows of the messages between the two, and makes of it what the one behind should know: messages that
-- were applied are not counted anew, those that were forgotten are not waited for.
--
-- WHAT IS LOST: the messages that only the lost end had. See docs/runbook/postgresql.md.
SELECT format(
  'INSERT INTO perdure.links AS l (partition, peer, sent, mark, delivered) VALUES (%s, %s, %s, %s, %s) '
  'ON CONFLICT (partition, peer) DO UPDATE SET sent = greatest(l.sent, excluded.sent), '
  'mark = greatest(l.mark, excluded.mark), delivered = greatest(l.delivered, excluded.delivered);',
  peer, partition, mark, delivered, mark)
FROM perdure.links
WHERE peer % :databases = :behind AND partition % :databases <> :behind AND mark + delivered > 0
ORDER BY peer, partition;
