/** Triggers and cron schedules that definitions declare, made known to the engine. */
import type { EngineClient } from "@perdure/engine";
import type { ScheduleSpec, Trigger } from "@perdure/kernel";
import { scheduleSpec } from "../client/schedules.ts";
import type { WorkflowCode } from "../define/workflow.ts";

export interface Declared {
  readonly triggers: readonly { readonly event: string; readonly trigger: Trigger }[];
  readonly schedules: readonly ScheduleSpec[];
}

export function declaredBy(
  namespace: string,
  workflows: ReadonlyMap<string, WorkflowCode>,
): Declared {
  const triggers: Declared["triggers"][number][] = [];
  const schedules: ScheduleSpec[] = [];
  for (const code of workflows.values()) {
    const { triggers: events = [], cron, queue = "default" } = code.settings;
    for (const [index, { event, match }] of events.entries()) {
      const trigger = { id: `${code.name}/${index}`, workflow: code.name, queue };
      triggers.push({ event, trigger: match === undefined ? trigger : { ...trigger, match } });
    }
    if (cron !== undefined) {
      const workflow = { type: "workflow", name: code.name, code } as const;
      const options = { workflow, cron } as Parameters<typeof scheduleSpec>[2];
      schedules.push(scheduleSpec(namespace, `cron:${code.name}`, options));
    }
  }
  return { triggers, schedules };
}

/** Putting the same again changes nothing, so every process may do it when it opens. */
export async function publishDefinitions(
  engine: EngineClient,
  namespace: string,
  workflows: ReadonlyMap<string, WorkflowCode>,
): Promise<void> {
  const { triggers, schedules } = declaredBy(namespace, workflows);
  for (const { event, trigger } of triggers) await engine.setTrigger(namespace, event, trigger);
  for (const spec of schedules) await engine.putSchedule(spec);
}
