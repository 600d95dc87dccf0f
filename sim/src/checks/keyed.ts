/** What a key, a topic or a schedule may say after what it has said. */
import type {
  Json,
  KeyEventBody,
  KeyState,
  ScheduleEventBody,
  StreamId,
  TopicEventBody,
  TopicState,
} from "@perdure/kernel";

/** The inbox is first in, first out. */
export function outOfTurn(before: KeyState, event: KeyEventBody): string | undefined {
  if (event.kind !== "key.started" || !event.queued) return undefined;
  const place = before.inbox.findIndex(({ spec }) => spec.runId === event.runId);
  return place > 0 ? `${event.runId} begins, and ${place} had come before it` : undefined;
}

/** An event resolves every wait that it matches, and no other. */
export function wrongWaits(before: TopicState, event: TopicEventBody): string | undefined {
  if (event.kind !== "topic.published") return undefined;
  const expected = [...before.waits.values()]
    .filter(({ match }) => hasAll(event.data ?? {}, match ?? {}))
    .map(({ wait }) => `${wait.runId} ${wait.key}`);
  const matched = event.matched.map(({ runId, key }) => `${runId} ${key}`);
  const missed = expected.find((wait) => !matched.includes(wait));
  if (missed !== undefined) return `${event.id} is for ${missed}, which it did not resolve`;
  const wrong = matched.find((wait) => !expected.includes(wait));
  return wrong === undefined ? undefined : `${event.id} resolved ${wrong}, which it is not for`;
}

/** The matches of a simulation are flat. */
function hasAll(
  data: Readonly<Record<string, Json | undefined>>,
  match: Readonly<Record<string, Json | undefined>>,
): boolean {
  return Object.entries(match).every(([name, value]) => data[name] === value);
}

/** A time that the calendar names is taken once, for as long as the schedule is there. */
export class NominalTimes {
  readonly #taken = new Map<StreamId, Set<number>>();

  next(stream: StreamId, event: ScheduleEventBody): string | undefined {
    if (event.kind === "schedule.deleted") this.#taken.delete(stream);
    if (event.kind !== "schedule.started" && event.kind !== "schedule.buffered") return undefined;
    const isSecondWord = event.kind === "schedule.started" && event.buffered === true;
    if (isSecondWord || event.manual === true) return undefined;
    const taken = this.#taken.get(stream) ?? new Set();
    if (taken.has(event.nominalAt)) return `the time ${event.nominalAt} is taken twice`;
    this.#taken.set(stream, taken.add(event.nominalAt));
    return undefined;
  }
}
