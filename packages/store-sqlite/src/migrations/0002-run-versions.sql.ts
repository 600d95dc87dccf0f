/** The version of its code that a run is on; counting open runs by it reads the index alone. */
export const runVersions = `
ALTER TABLE runs ADD COLUMN version TEXT;
CREATE INDEX runs_open_versions ON runs (namespace, workflow, version)
  WHERE status IN ('open', 'paused');
`;
