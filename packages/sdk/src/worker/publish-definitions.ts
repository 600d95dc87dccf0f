/** Triggers and cron schedules that definitions declare, made known to the engine. */
import type { EngineClient } from "@perdure/engine";
import type { WorkflowCode } from "../define/workflow.ts";
import { scheduleSpec } from "../client/schedules.ts";

/** Putting the same again changes nothing, so every process may do it when it opens. */
export async function publishDefinitions(
  engine: EngineClient,
  namespace: string,
  workflows: ReadonlyMap<string, WorkflowCode>,
): Promise<void> {
  for (const code of workflows.values()) {
    const { triggers = [], cron, queue = "default" } = code.settings;
    for (const [index, { event, match }] of triggers.entries()) {
      await engine.setTrigger(namespace, event, {
        id: `${code.name}/${index}`,
        workflow: code.name,
        queue,
        ...(match === undefined ? {} : { match }),
      });
    }
    if (cron !== undefined) {
      const workflow = { type: "workflow", name: code.name, code } as const;
      const options = { workflow, cron } as Parameters<typeof scheduleSpec>[2];
      await engine.putSchedule(scheduleSpec(namespace, `cron:${code.name}`, options));
    }
  }
}
