/** What is read of schedules. */
import {
  limits,
  partsOf,
  PerdureError,
  scheduleStream,
  viewSchedule,
  type ScheduleState,
  type ScheduleView,
  type StreamId,
} from "@perdure/kernel";
import type { EngineClient } from "../client.ts";
import { checkNamespace, checkText } from "./checks.ts";
import type { Live } from "../streams/live.ts";
import { lookAnywhere, type Desk } from "./desk.ts";

const PAGE_ROWS = 100;

type Reading = Pick<EngineClient, "describeSchedule" | "listSchedules">;

export function scheduleReadVerbs(desk: Desk): Reading {
  return {
    async describeSchedule(namespace, id) {
      desk.checkOpen();
      const view = await viewOf(desk, await desk.loader.get(scheduleStream(namespace, id)));
      if (view !== undefined) return view;
      throw unknownSchedule(namespace, id);
    },

    async listSchedules(namespace, { limit = PAGE_ROWS, cursor } = {}) {
      desk.checkOpen();
      checkNamespace(namespace);
      const count = checkedLimit(limit);
      const after = cursor === undefined ? undefined : scheduleStream(namespace, idOf(cursor));
      const prefix = scheduleStream(namespace, "");
      const names = await desk.store.streams(prefix, count, after);
      const lives = await Promise.all(names.map((name) => lookAnywhere(desk, name)));
      const views = await Promise.all(lives.map((live) => viewOf(desk, live)));
      const schedules = views.filter((view) => view !== undefined);
      const last = names.at(-1);
      if (last === undefined || names.length < count) return { schedules };
      return { schedules, cursor: cursorOf(last) };
    },
  };
}

export function unknownSchedule(namespace: string, id: string): PerdureError {
  const text = `There is no schedule "${id}" in ${namespace}: put it first.`;
  return new PerdureError("not-found", text);
}

/** As far as it is durable. Undefined: there is no such schedule. */
async function viewOf(desk: Desk, live: Live): Promise<ScheduleView | undefined> {
  const view = viewSchedule(live.state as ScheduleState, desk.calendar, desk.env.now());
  if (live.durable !== live.state.seq) await desk.pump.barrier(live.home);
  return view;
}

function checkedLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= limits.pageRows) return limit;
  const text = `A page has 1 to ${limits.pageRows} schedules, not ${limit}: ask for the next page.`;
  throw new PerdureError("invalid-argument", text);
}

function cursorOf(stream: StreamId): string {
  return Buffer.from(partsOf(stream)[1] ?? "").toString("base64url");
}

function idOf(cursor: string): string {
  const id = Buffer.from(cursor, "base64url").toString();
  checkText("the cursor", id, limits.idChars);
  return id;
}
