/** The answers of the API, checked and with their payloads as bytes. */
import type { RunView, SchedulePage, Started, StartResult, WorkerView } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import type {
  Explanation,
  Json,
  Outcome,
  Payload,
  RunEvent,
  RunId,
  ScheduleView,
} from "@perdure/kernel";
import type { OpenRuns, Page } from "@perdure/store";
import { fromJson, type JsonOf } from "@perdure/wire";
import * as shape from "./shape.ts";

/** Takes an answer, or says why not. */
export type Reader<T> = (json: Json | undefined) => T;

const row: shape.Shape = shape.fields({
  runId: shape.runId,
  namespace: shape.text,
  workflow: shape.text,
  status: shape.text,
  startedAt: shape.number,
  attributes: shape.object,
});

const key: shape.Shape = shape.fields({ kind: shape.text, id: shape.text });
const spec: shape.Shape = shape.fields(
  { runId: shape.runId, workflow: shape.text, input: shape.payload },
  { key },
);

const schedule: shape.Shape = shape.fields({
  spec: shape.object,
  paused: shape.flag,
  next: shape.listOf(shape.number),
});

const cure: shape.Shape = shape.fields({ text: shape.text }, { command: shape.text });
const waiting: shape.Shape = shape.fields({
  on: shape.text,
  text: shape.text,
  since: shape.number,
  cures: shape.listOf(cure),
});

const worker: shape.Shape = shape.fields({
  id: shape.text,
  queues: shape.listOf(shape.object),
  phase: shape.text,
  seenAt: shape.number,
  registeredAt: shape.number,
  labels: shape.object,
});

const started: shape.Shape = shape.fields({ runId: shape.runId, existing: shape.flag });
const refused: shape.Shape = shape.fields({
  error: shape.fields({ code: shape.text, message: shape.text }),
});

interface Answers {
  readonly none: void;
  readonly started: Started;
  readonly startedMany: { runs: readonly StartResult[] };
  readonly imported: { imported: number; failed: readonly { readonly error: Json }[] };
  readonly page: Page;
  readonly count: { count: number };
  readonly view: RunView;
  readonly events: { events: readonly RunEvent[]; next?: number };
  readonly outcome: { outcome?: Outcome };
  readonly why: Explanation;
  readonly versions: { versions: readonly OpenRuns[] };
  readonly workers: { workers: readonly WorkerView[] };
  readonly output: { output: Payload };
  readonly maybeOutput: { output?: Payload };
  readonly maybeRun: { runId?: RunId };
  readonly schedule: ScheduleView;
  readonly schedules: SchedulePage;
  readonly whoami: { namespace: string };
}

export const answers: { readonly [Name in keyof Answers]: Reader<Answers[Name]> } = {
  none: (): void => undefined,
  started: reader(started),
  startedMany: reader(shape.fields({ runs: shape.listOf(shape.either(started, refused)) })),
  imported: reader(
    shape.fields({
      imported: shape.number,
      existing: shape.number,
      failed: shape.listOf(shape.fields({ error: shape.object })),
    }),
  ),
  page: reader(shape.fields({ rows: shape.listOf(row) }, { cursor: shape.text })),
  count: reader(shape.fields({ count: shape.number })),
  view: reader(shape.fields({ row, spec, seq: shape.number }, { outcome: shape.outcome })),
  events: reader(shape.fields({ events: shape.events }, { next: shape.number })),
  outcome: reader(shape.fields({}, { outcome: shape.outcome })),
  why: reader(
    shape.fields({
      subject: shape.fields({ type: shape.text }),
      status: shape.text,
      summary: shape.text,
      waiting: shape.listOf(waiting),
      cures: shape.listOf(cure),
    }),
  ),
  versions: reader(
    shape.fields({
      versions: shape.listOf(
        shape.fields({ workflow: shape.text, open: shape.number }, { version: shape.text }),
      ),
    }),
  ),
  workers: reader(shape.fields({ workers: shape.listOf(worker) })),
  output: reader(shape.fields({ output: shape.payload })),
  maybeOutput: reader(shape.fields({}, { output: shape.payload })),
  maybeRun: reader(shape.fields({}, { runId: shape.runId })),
  schedule: reader(schedule),
  schedules: reader(shape.fields({ schedules: shape.listOf(schedule) }, { cursor: shape.text })),
  whoami: reader(shape.fields({ namespace: shape.text })),
};

function reader<T>(fits: shape.Shape): Reader<T> {
  return (json) => {
    const value = fromJson<T>(json as JsonOf<T>, "the answer");
    const problem = fits(value, "the answer");
    if (problem === undefined) return value;
    throw new PerdureError("internal", problem);
  };
}
