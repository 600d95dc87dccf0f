import type { StepTimeouts, TaskSpec } from "@perdure/kernel";
import { retryPolicy } from "../define/retry.ts";
import type { TaskCode, TaskTimeouts } from "../define/task.ts";
import { durationMs } from "../duration.ts";
import { encodePayload } from "../payload.ts";
import { validate } from "../schema.ts";
import type { RunTaskOptions } from "./options.ts";

/** A remote step as the kernel keeps it: the call's own words, then the task's, then the default. */
export function taskSpec(code: TaskCode, input: unknown, options: RunTaskOptions<never>): TaskSpec {
  const { settings } = code;
  const what = `the input of task "${code.name}"`;
  if (code.input) validate(code.input, input, what);
  const { priority, fairnessKey } = options;
  return {
    task: code.name,
    queue: options.queue ?? settings.queue ?? "default",
    input: encodePayload(input, what),
    retry: retryPolicy(options.retry, settings.retry),
    timeouts: timeouts({ ...settings, ...options }),
    ...(priority === undefined ? {} : { priority }),
    ...(fairnessKey === undefined ? {} : { fairnessKey }),
  };
}

function timeouts(limits: TaskTimeouts): StepTimeouts {
  const { scheduleToStart, startToClose, scheduleToClose, heartbeat } = limits;
  return {
    ...(scheduleToStart === undefined ? {} : { scheduleToStartMs: durationMs(scheduleToStart) }),
    ...(startToClose === undefined ? {} : { startToCloseMs: durationMs(startToClose) }),
    ...(scheduleToClose === undefined ? {} : { scheduleToCloseMs: durationMs(scheduleToClose) }),
    ...(heartbeat === undefined ? {} : { heartbeatMs: durationMs(heartbeat) }),
  };
}
