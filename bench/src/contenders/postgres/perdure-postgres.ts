/** Perdure in one process, its store a PostgreSQL: engine, workflow code and load share the process. */
import type { Contender } from "../../contender.ts";
import { openEmbedded } from "../../ours/embedded.ts";
import { helloOnPostgres, only } from "../../ours/hello-postgres.ts";
import { startPostgres, urlOf } from "../../servers/postgres.ts";

const measured = [
  "steps",
  "no-steps",
  "fan-out",
  "increments",
  "signals",
  "remote-steps",
  "jobs",
  "step-runs",
];

export const contender: Contender = {
  hello: () =>
    helloOnPostgres(
      "perdure-postgres",
      "embedded, as on SQLite: engine, code and load in one process",
      only(measured, "is the engine's matter: measured on SQLite"),
    ),
  async open({ folder }) {
    const postgres = await startPostgres(folder);
    const store = {
      name: urlOf(postgres),
      processes: [postgres.process],
      bytes: () => postgres.bytes(),
      database: () => postgres.counters(),
      stop: () => postgres.stop(),
    };
    return openEmbedded(store, folder);
  },
};
