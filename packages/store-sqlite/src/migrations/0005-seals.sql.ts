/** Partitions that nobody is to open: what is in them is on its way, or elsewhere. */
export const seals = `
CREATE TABLE seals (
  partition INTEGER PRIMARY KEY,
  state TEXT NOT NULL,
  move TEXT NOT NULL,
  other TEXT NOT NULL
);
`;
