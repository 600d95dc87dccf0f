/** Perdure in one process: `open` on a SQLite file; engine, workflow code and load share it. */
import type { Contender } from "../contender.ts";
import { openEmbedded } from "../ours/embedded.ts";
import { storeBytes, storeFile } from "../ours/files.ts";
import { hello } from "../ours/hello.ts";

export const contender: Contender = {
  hello: () =>
    hello(
      "perdure",
      "embedded: engine, code and load in one process; growth: streams are settled after 2 s idle, " +
        "not 60, so that they are cold when memory is read",
    ),
  open: async ({ folder }) =>
    openEmbedded(
      {
        name: `sqlite:${storeFile(folder)}`,
        processes: [],
        bytes: () => storeBytes(folder),
        stop: async () => undefined,
      },
      folder,
    ),
};
