/** `schedules.*` */
import { jsonRoute, silentRoute, type Route } from "../http/route.ts";
import * as take from "./schemas/bus.ts";
import { explanation } from "./schemas/run-answers.ts";

const example = {
  id: "nightly",
  when: [{ type: "cron", expression: "0 3 * * *", timeZone: "Europe/Berlin" }],
  policy: { overlap: "skip", catchUpMs: 3_600_000, jitterMs: 0, pauseOnFailure: false },
  workflow: "report",
  queue: "main",
  input: { value: null },
};

const reading: readonly Route[] = [
  jsonRoute({
    operation: "schedules.list",
    summary: "A page of schedules, by id",
    query: take.pageQuery,
    answer: take.schedulePage,
    handle: async ({ engine, caller: { namespace }, query }) =>
      engine.listSchedules(namespace, query),
  }),
  jsonRoute({
    operation: "schedules.describe",
    summary: "A schedule, its next times and its last starts",
    query: take.idQuery,
    example: { id: "nightly" },
    answer: take.scheduleView,
    handle: async ({ engine, caller: { namespace }, query }) =>
      engine.describeSchedule(namespace, query.id),
  }),
  jsonRoute({
    operation: "schedules.why",
    summary: "Why a schedule starts nothing",
    query: take.idQuery,
    example: { id: "nightly" },
    answer: explanation,
    handle: async ({ engine, caller: { namespace }, query }) =>
      engine.whySchedule(namespace, query.id),
  }),
];

const writing: readonly Route[] = [
  silentRoute({
    operation: "schedules.put",
    summary: "Creates a schedule, or puts another in its place",
    body: take.scheduleBody,
    example,
    handle: async ({ engine, caller: { namespace }, body }) =>
      engine.putSchedule({ ...body, namespace }),
  }),
  silentRoute({
    operation: "schedules.delete",
    summary: "Deletes a schedule; its open runs go on",
    query: take.idQuery,
    example: { id: "nightly" },
    handle: async ({ engine, caller: { namespace }, query }) =>
      engine.deleteSchedule(namespace, query.id),
  }),
  silentRoute({
    operation: "schedules.pause",
    summary: "Keeps a schedule from starting runs",
    body: take.noteBody,
    example: { id: "nightly", note: "until the migration is over" },
    handle: async ({ engine, caller: { namespace }, body }) =>
      engine.pauseSchedule(namespace, body.id, body.note),
  }),
  silentRoute({
    operation: "schedules.resume",
    summary: "Lets a schedule start runs again",
    body: take.noteBody,
    example: { id: "nightly" },
    handle: async ({ engine, caller: { namespace }, body }) =>
      engine.resumeSchedule(namespace, body.id, body.note),
  }),
  silentRoute({
    operation: "schedules.trigger",
    summary: "Starts a run of a schedule now",
    body: take.triggerNow,
    example: { id: "nightly", overlap: "allowAll" },
    handle: async ({ engine, caller: { namespace }, body }) =>
      engine.triggerSchedule(namespace, body.id, body.overlap),
  }),
  silentRoute({
    operation: "schedules.backfill",
    summary: "Starts the runs that a schedule would have started between two moments",
    body: take.backfillBody,
    example: { id: "nightly", from: 1_767_225_600_000, to: 1_767_830_400_000 },
    handle: async ({ engine, caller: { namespace }, body: { id, from, to, overlap } }) =>
      engine.backfillSchedule(namespace, id, from, to, overlap),
  }),
];

export const scheduleRoutes: readonly Route[] = [...reading, ...writing];
