/** The first layout of the file. Payloads and events are bytes; only search attributes are JSON. */
export const initial = `
CREATE TABLE settings (
  name TEXT NOT NULL PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;

-- The log: one row a transaction, gone when nothing in it is needed any more.
CREATE TABLE segments (
  id INTEGER PRIMARY KEY,
  data BLOB NOT NULL
);

-- What dropped segments said of owners and of messages between partitions.
CREATE TABLE partitions (
  partition INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  last_batch INTEGER NOT NULL
);
CREATE TABLE links (
  sender INTEGER NOT NULL,
  receiver INTEGER NOT NULL,
  sent INTEGER NOT NULL,
  mark INTEGER NOT NULL,
  PRIMARY KEY (sender, receiver)
) WITHOUT ROWID;

-- Streams whose events have been gathered out of the log, as far as "position" (a frame in it): what
-- the log still holds of them up to there is void. A forgotten stream stays as a row with seq 0
-- until that part of the log is gone.
CREATE TABLE streams (
  name TEXT NOT NULL PRIMARY KEY,
  id INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  chunks INTEGER NOT NULL,
  position INTEGER NOT NULL,
  settled INTEGER NOT NULL,
  has_work INTEGER NOT NULL,
  alarm INTEGER
) WITHOUT ROWID;
CREATE INDEX streams_by_alarm ON streams (partition, alarm) WHERE alarm IS NOT NULL;
CREATE INDEX streams_awake ON streams (partition) WHERE has_work = 1 OR settled = 0;
CREATE INDEX streams_forgotten ON streams (position) WHERE seq = 0;

-- A chunk's id is its stream's id and its number in the stream, so that a stream lies together.
CREATE TABLE chunks (
  id INTEGER PRIMARY KEY,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  previous_crc INTEGER NOT NULL,
  data BLOB NOT NULL
);
CREATE TABLE snapshots (
  stream INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  crc INTEGER NOT NULL,
  data BLOB NOT NULL
);

CREATE TABLE blobs (
  hash BLOB NOT NULL PRIMARY KEY,
  data BLOB NOT NULL
);
CREATE TABLE blob_references (
  stream TEXT NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (stream, hash)
) WITHOUT ROWID;
CREATE INDEX blob_references_by_hash ON blob_references (hash);

CREATE TABLE runs (
  run_id TEXT NOT NULL PRIMARY KEY,
  namespace TEXT NOT NULL,
  workflow TEXT NOT NULL,
  queue TEXT NOT NULL,
  key TEXT,
  key_kind TEXT,
  status TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  closed_at INTEGER,
  parent TEXT,
  attributes TEXT NOT NULL,
  events INTEGER NOT NULL,
  expires_at INTEGER
) WITHOUT ROWID;
CREATE INDEX runs_newest ON runs (namespace, started_at, run_id);
CREATE INDEX runs_by_key ON runs (namespace, key) WHERE key IS NOT NULL;
CREATE INDEX runs_by_parent ON runs (parent) WHERE parent IS NOT NULL;
CREATE INDEX runs_expired ON runs (expires_at, run_id) WHERE expires_at IS NOT NULL;
`;
