/** The event bus and schedules. */
import { checkJson, checkName, checkPayload, checkText, type EngineClient } from "@perdure/engine";
import { limits } from "@perdure/kernel";
import type { Operation } from "@perdure/wire";
import { answers } from "./answers.ts";
import { checkWall, type Desk } from "./desk.ts";
import { write } from "./write-verbs.ts";

type Bus = Pick<EngineClient, "publish" | "setTrigger" | "removeTrigger">;

export function busVerbs(desk: Desk): Bus {
  const said = { answer: answers.none, repeat: "any" } as const;
  const check = (namespace: string, event: string): void => {
    checkWall(desk, namespace);
    checkName("the event's name", event);
  };
  return {
    async publish(namespace, event, { id, payload, data }) {
      check(namespace, event);
      if (id !== undefined) checkText("the event's id", id, limits.idChars);
      checkPayload("the event's payload", payload);
      if (data) checkJson("the event's data", data);
      await write(
        desk,
        "events.publish",
        {},
        {
          body: { event, id: id ?? desk.newId(), payload, data },
          answer: answers.none,
          repeat: id === undefined ? "here" : "any",
        },
      );
    },

    async setTrigger(namespace, event, trigger) {
      check(namespace, event);
      await write(desk, "triggers.put", {}, { body: { event, trigger }, ...said });
    },

    async removeTrigger(namespace, event, id) {
      check(namespace, event);
      await write(desk, "triggers.delete", {}, { query: { event, id }, ...said });
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
  | "describeSchedule"
  | "listSchedules"
  | "whySchedule"
>;

type ScheduleWrite = Extract<
  Operation,
  "schedules.pause" | "schedules.resume" | "schedules.trigger" | "schedules.backfill"
>;

export function scheduleVerbs(desk: Desk): Schedules {
  const check = (namespace: string, id: string): void => {
    checkWall(desk, namespace);
    checkText("the schedule's id", id, limits.idChars);
  };
  const ask = async (
    operation: ScheduleWrite,
    namespace: string,
    body: { readonly id: string } & Readonly<Record<string, unknown>>,
    repeat: "any" | "once" = "any",
  ): Promise<void> => {
    check(namespace, body.id);
    await write(desk, operation, {}, { body, answer: answers.none, repeat });
  };
  return {
    async putSchedule({ namespace, ...spec }) {
      check(namespace, spec.id);
      checkName("the workflow's name", spec.workflow);
      checkName("the queue's name", spec.queue);
      checkPayload("the input", spec.input);
      await write(desk, "schedules.put", {}, { body: spec, answer: answers.none, repeat: "any" });
    },

    async deleteSchedule(namespace, id) {
      check(namespace, id);
      const writing = { query: { id }, answer: answers.none, repeat: "any" } as const;
      await write(desk, "schedules.delete", {}, writing);
    },

    pauseSchedule: (namespace, id, note) => ask("schedules.pause", namespace, { id, note }),
    resumeSchedule: (namespace, id, note) => ask("schedules.resume", namespace, { id, note }),

    triggerSchedule: (namespace, id, overlap) =>
      ask("schedules.trigger", namespace, { id, overlap }, "once"),

    backfillSchedule: (namespace, id, from, to, overlap) =>
      ask("schedules.backfill", namespace, { id, from, to, overlap }, "once"),

    async describeSchedule(namespace, id) {
      check(namespace, id);
      const call = { params: {}, query: { id }, answer: answers.schedule, repeat: "any" } as const;
      return desk.caller.call("schedules.describe", call);
    },

    async whySchedule(namespace, id) {
      check(namespace, id);
      const call = { params: {}, query: { id }, answer: answers.why, repeat: "any" } as const;
      return desk.caller.call("schedules.why", call);
    },

    async listSchedules(namespace, page = {}) {
      checkWall(desk, namespace);
      const query = { ...page };
      const call = { params: {}, query, answer: answers.schedules, repeat: "any" } as const;
      return desk.caller.call("schedules.list", call);
    },
  };
}
