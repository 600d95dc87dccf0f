/** `why`: gathers what there is to know, and has the kernel tell it. */
import {
  explain,
  explainKey,
  explainSchedule,
  explainStartUnder,
  keyStream,
  limits,
  PerdureError,
  runStream,
  scheduleStream,
  slotOf,
  slotOfRun,
  viewSchedule,
  pendingStart,
  type Explanation,
  type KeyRef,
  type KeyState,
  type RunId,
  type ScheduleState,
  type StreamId,
} from "@perdure/kernel";
import type { EngineClient } from "../client.ts";
import { LiveRun } from "../streams/live.ts";
import { checkKey, checkNamespace, checkText } from "./checks.ts";
import {
  arrived,
  checkRunId,
  isElsewhere,
  keyInMemory,
  queuedIn,
  refOf,
  unknownRun,
  type Desk,
} from "./desk.ts";
import { unknownSchedule } from "./schedules.ts";
import { gather, look, type Gathered } from "./surroundings.ts";

/** How often it begins anew when what it told of was lost with a commit. */
const TRIES = 4;

type Why = Pick<EngineClient, "why" | "whyKey" | "whySchedule">;

export function whyVerbs(desk: Desk): Why {
  return {
    async why(runId) {
      checkRunId(runId);
      return durably(desk, async () => {
        const gathered = await gather(desk, [{ runId }]);
        const live = gathered.lives.get(runStream(runId));
        if (live instanceof LiveRun && live.run.spec !== undefined) {
          return { gathered, told: explain(live.run, gathered.world, desk.env.now()) };
        }
        return whyStart(desk, runId);
      });
    },

    async whyKey(key) {
      checkKey(key);
      return durably(desk, async () => {
        const gathered = await gather(desk, [{ key }]);
        const state = gathered.lives.get(keyStream(key))?.state as KeyState;
        return { gathered, told: explainKey(key, state, gathered.world, desk.env.now()) };
      });
    },

    async whySchedule(namespace, id) {
      checkNamespace(namespace);
      checkText("the schedule's id", id, limits.idChars);
      return durably(desk, async () => {
        const live = await look(desk, scheduleStream(namespace, id));
        const now = desk.env.now();
        const view = viewSchedule(live.state as ScheduleState, desk.calendar, now);
        if (view === undefined) throw unknownSchedule(namespace, id);
        const gathered = await gather(desk, view.running.slice(0, 1));
        return { gathered, told: explainSchedule(view, gathered.world, now) };
      });
    },
  };
}

interface Answer {
  readonly gathered: Gathered;
  readonly told: Explanation;
}

/** Only what is durable is told: if a part of it is lost on the way to disk, it is told anew. */
async function durably(desk: Desk, answer: () => Promise<Answer>): Promise<Explanation> {
  for (let tries = 1; ; tries++) {
    if (desk.trouble()?.isStopped !== true) desk.checkOpen();
    try {
      const { gathered, told } = await answer();
      for (const { durable, state, home } of gathered.lives.values()) {
        if (durable !== state.seq) await desk.pump.barrier(home);
      }
      return told;
    } catch (error) {
      const isLater = error instanceof PerdureError && error.retry === "later";
      if (!isLater || tries >= TRIES) throw error;
    }
  }
}

/** The namespace of a run or of a start, also while the store refuses: `why` has to pass the wall. */
export async function homeOf(desk: Desk, runId: RunId): Promise<string | undefined> {
  checkRunId(runId);
  if (desk.trouble()?.isStopped !== true) desk.checkOpen();
  const expected = desk.listeners.expectedIn(runId);
  if (expected !== undefined) return expected;
  const stream = runStream(runId);
  const isWell = desk.trouble() === undefined && !isElsewhere(desk, stream);
  const live = isWell ? await arrived(desk, runId) : await look(desk, stream);
  const spec = live instanceof LiveRun ? live.run.spec : undefined;
  return spec?.namespace ?? queuedIn(desk, runId);
}

/** A start without a run: in the inbox of a key that has the id's slot. */
async function whyStart(desk: Desk, runId: RunId): Promise<Answer> {
  const key = await keyOfStart(desk, runId);
  if (key === undefined) throw unknownRun(runId);
  const gathered = await gather(desk, [{ key }]);
  const state = gathered.lives.get(keyStream(key))?.state as KeyState;
  const told = explainStartUnder(key, runId, state, gathered.world, desk.env.now());
  if (told === undefined) throw unknownRun(runId);
  return { gathered, told };
}

/** The business key of a run, or of the start that waits for its turn under this id. */
export async function keyOfRun(desk: Desk, runId: RunId): Promise<KeyRef | undefined> {
  desk.checkOpen();
  checkRunId(runId);
  const { spec } = (await arrived(desk, runId)).run;
  return spec === undefined ? keyOfStart(desk, runId) : spec.key;
}

/** First among the keys in memory, then among those on disk, up to `limits.whyKeyNames` of them. */
export async function keyOfStart(desk: Desk, runId: RunId): Promise<KeyRef | undefined> {
  const slot = slotOfRun(runId);
  const isHome = (stream: StreamId): boolean =>
    stream.startsWith("key/") && slotOf(stream) === slot;
  const near = keyInMemory(desk, runId);
  if (near !== undefined) return near;
  let after: StreamId | undefined;
  for (let seen = 0; seen < limits.whyKeyNames; seen += limits.pageRows) {
    const names = await desk.store.streams("key/", limits.pageRows, after);
    for (const stream of names.filter(isHome)) {
      const { state } = await look(desk, stream);
      if (pendingStart(state as KeyState, runId)) return refOf(stream);
    }
    after = names.at(-1);
    if (names.length < limits.pageRows) return undefined;
  }
  return undefined;
}
