/** Which of the databases of a cluster the file is: one row, or none where it is by itself. */
export const place = `
CREATE TABLE place (
  cluster TEXT NOT NULL,
  "index" INTEGER NOT NULL,
  databases INTEGER NOT NULL
);
`;
