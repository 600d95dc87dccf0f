/** The event bus and schedules. */
import { limits, scheduleStream, topicStream, type ScheduleMessage } from "@perdure/kernel";
import { validateCalendar } from "../calendar.ts";
import type { EngineClient } from "../client.ts";
import { checkJson, checkName, checkNamespace, checkPayload, checkText } from "./checks.ts";
import type { Desk } from "./desk.ts";
import { drawRunId } from "./start.ts";

type Bus = Pick<EngineClient, "publish" | "setTrigger" | "removeTrigger">;

export function busVerbs({ mail, env, checkOpen }: Desk): Bus {
  const stream = (namespace: string, event: string): ReturnType<typeof topicStream> => {
    checkOpen();
    checkNamespace(namespace);
    checkName("the event's name", event);
    return topicStream(namespace, event);
  };
  return {
    async publish(namespace, event, { id = drawRunId(env), payload, data }) {
      checkText("the event's id", id, limits.idChars);
      checkPayload("the event's payload", payload);
      if (data) checkJson("the event's data", data);
      const extra = data === undefined ? {} : { data };
      await mail.ask(stream(namespace, event), (request) => {
        return { type: "topic.publish", id, payload, request, ...extra };
      });
    },

    async setTrigger(namespace, event, trigger) {
      checkName("the trigger's id", trigger.id);
      checkName("the workflow's name", trigger.workflow);
      checkName("the queue's name", trigger.queue);
      await mail.ask(stream(namespace, event), (request) => {
        return { type: "topic.trigger", namespace, trigger, request };
      });
    },

    async removeTrigger(namespace, event, id) {
      await mail.ask(stream(namespace, event), (request) => {
        return { type: "topic.untrigger", id, request };
      });
    },
  };
}

type Schedules = Pick<
  EngineClient,
  | "putSchedule"
  | "deleteSchedule"
  | "pauseSchedule"
  | "resumeSchedule"
  | "triggerSchedule"
  | "backfillSchedule"
>;

/** `by` is who asks. */
export function scheduleVerbs(desk: Desk, by?: string): Schedules {
  const ask = async (namespace: string, id: string, message: ScheduleMessage): Promise<void> => {
    desk.checkOpen();
    checkNamespace(namespace);
    checkText("the schedule's id", id, limits.idChars);
    await desk.mail.ask(scheduleStream(namespace, id), (request) => ({ ...message, request }));
  };
  const asker = by === undefined ? {} : { by };
  const noted = (note: string | undefined): { note?: string } =>
    note === undefined ? {} : { note };
  return {
    async putSchedule(spec) {
      checkName("the workflow's name", spec.workflow);
      checkName("the queue's name", spec.queue);
      checkPayload("the input", spec.input);
      for (const calendar of spec.when) validateCalendar(calendar);
      await ask(spec.namespace, spec.id, { type: "schedule.put", spec });
    },

    deleteSchedule: (namespace, id) => ask(namespace, id, { type: "schedule.delete" }),

    pauseSchedule: (namespace, id, note) =>
      ask(namespace, id, { type: "schedule.pause", ...noted(note), ...asker }),

    resumeSchedule: (namespace, id, note) =>
      ask(namespace, id, { type: "schedule.resume", ...noted(note) }),

    triggerSchedule: (namespace, id, overlap) =>
      ask(namespace, id, { type: "schedule.trigger", ...(overlap ? { overlap } : {}) }),

    backfillSchedule: (namespace, id, from, to, overlap) =>
      ask(namespace, id, { type: "schedule.backfill", from, to, ...(overlap ? { overlap } : {}) }),
  };
}
