/** Checks exported journals against a user's file; started by `perdure check`. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { checkJournals, exportedJournals } from "perdure/testing";
import { serveParent } from "./child.ts";
import { loadUserFile } from "./definitions.ts";

export interface CheckJob {
  readonly file: string;
  readonly from: string;
}

serveParent<CheckJob>(async ({ file, from }, progress) => {
  progress("loading the file");
  let done = 0;
  return checkJournals({
    definitions: () => loadUserFile(file),
    journals: exportedJournals(createInterface({ input: createReadStream(from) })),
    onRun: ({ runId, workflow }) => progress(`replaying ${runId} of ${workflow} (${done} done)`),
    onChecked: () => (done += 1),
  });
});
