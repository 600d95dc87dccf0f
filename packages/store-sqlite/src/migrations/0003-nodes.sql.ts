/** Engines that share the file, and which of them has claimed which partition. */
export const nodes = `
CREATE TABLE nodes (
  id TEXT NOT NULL PRIMARY KEY,
  address TEXT NOT NULL,
  version TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  beat INTEGER NOT NULL,
  is_leaving INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE claims (
  partition INTEGER PRIMARY KEY,
  node TEXT NOT NULL
);
`;
