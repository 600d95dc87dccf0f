/** The same of keys, topics and schedules. */
import type {
  KeyEventBody,
  KeyState,
  ScheduleEventBody,
  ScheduleState,
  TopicEventBody,
} from "@perdure/kernel";
import type { Marks } from "../world/marks.ts";

export function markKey(before: KeyState, event: KeyEventBody, marks: Marks): void {
  switch (event.kind) {
    case "key.queued":
      if (before.inbox.length > 0) marks.hit("key: two wait in the inbox");
      break;
    case "key.started":
      if (event.queued) marks.hit("key: the next of the inbox had its turn");
      if (isOpen(before)) marks.hit("key: one run took the place of an open one");
      else if (before.current !== undefined) marks.hit("key: used again after its run had ended");
      break;
    default:
  }
}

function isOpen({ current }: KeyState): boolean {
  return current !== undefined && current.status === undefined;
}

export function markTopic(event: TopicEventBody, marks: Marks): void {
  if (event.kind === "topic.published" && event.matched.length > 1) {
    marks.hit("topic: one event for several waits");
  }
}

export function markSchedule(before: ScheduleState, event: ScheduleEventBody, marks: Marks): void {
  switch (event.kind) {
    case "schedule.skipped":
      marks.hit(`schedule: skipped for ${event.reason}`);
      if (event.buffered) marks.hit("schedule: dropped from the buffer");
      break;
    case "schedule.buffered":
      marks.hit(`schedule: buffered under ${event.overlap}`);
      break;
    case "schedule.started":
      if (event.buffered) marks.hit("schedule: started from the buffer");
      if (event.manual) marks.hit("schedule: started by a person");
      if (before.running.size > 0) marks.hit("schedule: two of its runs at a time");
      break;
    case "schedule.paused":
      if (before.spec?.policy.pauseOnFailure && event.by === undefined) {
        marks.hit("schedule: paused after a failure");
      }
      break;
    default:
  }
}
