/**
 * The first layout. Every row has the number of its partition as the first part of its key, but for
 * what is the cluster's: settings, nodes.
 *
 * Names of streams are bytes: they may hold what texts may not, and their order is that of bytes.
 * Moments are numbers of milliseconds since 1970, as everywhere.
 */
export const initial = `
CREATE TABLE @.settings (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
);

-- The fence: a batch is applied where its epoch and incarnation are the row's and its number is next.
-- The epoch is its owner's; the incarnation grows when an owner has to know for good that what it
-- sent before will not be applied any more.
CREATE TABLE @.partitions (
  partition INTEGER NOT NULL PRIMARY KEY,
  epoch BIGINT NOT NULL,
  incarnation BIGINT NOT NULL,
  last_batch BIGINT NOT NULL,
  owner TEXT COLLATE "C",
  seal_state TEXT,
  seal_move TEXT,
  seal_other TEXT
);
-- How far each epoch came that is over.
CREATE TABLE @.epochs (
  partition INTEGER NOT NULL,
  epoch BIGINT NOT NULL,
  last_batch BIGINT NOT NULL,
  PRIMARY KEY (partition, epoch)
);

-- The log: a row a partition and transaction, by the number of its first batch; gone when nothing in
-- it is needed any more. "begun" names the streams that begin in it, but for runs: see begun.ts.
CREATE TABLE @.segments (
  partition INTEGER NOT NULL,
  number BIGINT NOT NULL,
  data BYTEA NOT NULL,
  begun BYTEA,
  PRIMARY KEY (partition, number)
);

-- Messages between a partition and its peer: the highest that it has sent, what it has applied of the
-- peer's ("mark"), and what a peer in another database is known to have applied of its own.
-- What is sent is also in segments, and may be newer there.
CREATE TABLE @.links (
  partition INTEGER NOT NULL,
  peer INTEGER NOT NULL,
  sent BIGINT NOT NULL,
  mark BIGINT NOT NULL,
  delivered BIGINT NOT NULL,
  PRIMARY KEY (partition, peer)
);
CREATE INDEX links_by_peer ON @.links (peer);

-- Streams whose events have been gathered out of the log, as far as "position" (a batch): what the
-- log still holds of them up to there is void. A forgotten stream stays as a row with seq 0 until
-- that part of the log is gone.
CREATE TABLE @.streams (
  partition INTEGER NOT NULL,
  name BYTEA NOT NULL,
  id BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  crc BIGINT NOT NULL,
  position BIGINT NOT NULL,
  settled BOOLEAN NOT NULL,
  has_work BOOLEAN NOT NULL,
  alarm DOUBLE PRECISION,
  PRIMARY KEY (partition, name)
);
CREATE INDEX streams_by_alarm ON @.streams (partition, alarm) WHERE alarm IS NOT NULL;
CREATE INDEX streams_awake ON @.streams (partition) WHERE has_work OR NOT settled;
CREATE INDEX streams_forgotten ON @.streams (partition, position) WHERE seq = 0;

-- "stream" is the id of a stream in its partition.
CREATE TABLE @.chunks (
  partition INTEGER NOT NULL,
  stream BIGINT NOT NULL,
  first_seq BIGINT NOT NULL,
  last_seq BIGINT NOT NULL,
  previous_crc BIGINT NOT NULL,
  data BYTEA NOT NULL,
  PRIMARY KEY (partition, stream, first_seq)
);
CREATE TABLE @.snapshots (
  partition INTEGER NOT NULL,
  stream BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  crc BIGINT NOT NULL,
  data BYTEA NOT NULL,
  PRIMARY KEY (partition, stream)
);

CREATE TABLE @.blobs (
  partition INTEGER NOT NULL,
  hash BYTEA NOT NULL,
  data BYTEA NOT NULL,
  PRIMARY KEY (partition, hash)
);
CREATE TABLE @.blob_references (
  partition INTEGER NOT NULL,
  stream BYTEA NOT NULL,
  hash BYTEA NOT NULL,
  PRIMARY KEY (partition, stream, hash)
);
CREATE INDEX blob_references_by_hash ON @.blob_references (partition, hash);

-- Each of "attributes" is the JSON of a name, a colon, and that of its value.
CREATE TABLE @.runs (
  partition INTEGER NOT NULL,
  run_id TEXT COLLATE "C" NOT NULL,
  namespace TEXT COLLATE "C" NOT NULL,
  workflow TEXT COLLATE "C" NOT NULL,
  queue TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C",
  key_kind TEXT COLLATE "C",
  status TEXT COLLATE "C" NOT NULL,
  started_at DOUBLE PRECISION NOT NULL,
  closed_at DOUBLE PRECISION,
  parent TEXT COLLATE "C",
  attributes TEXT[] NOT NULL,
  events BIGINT NOT NULL,
  expires_at DOUBLE PRECISION,
  version TEXT COLLATE "C",
  PRIMARY KEY (partition, run_id)
);
CREATE INDEX runs_newest ON @.runs (namespace, started_at, run_id);
CREATE INDEX runs_by_key ON @.runs (namespace, key) WHERE key IS NOT NULL;
CREATE INDEX runs_by_parent ON @.runs (parent) WHERE parent IS NOT NULL;
CREATE INDEX runs_expired ON @.runs (expires_at, run_id) WHERE expires_at IS NOT NULL;
CREATE INDEX runs_open_versions ON @.runs (namespace, workflow, version)
  WHERE status IN ('open', 'paused');

CREATE TABLE @.nodes (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  address TEXT NOT NULL,
  version TEXT NOT NULL,
  started_at DOUBLE PRECISION NOT NULL,
  beat DOUBLE PRECISION NOT NULL,
  is_leaving BOOLEAN NOT NULL
)`;
