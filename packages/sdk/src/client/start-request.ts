import type { StartRequest } from "@perdure/engine";
import type { WorkflowCode } from "../define/workflow.ts";
import { durationMs } from "../duration.ts";
import { encodePayload } from "../payload.ts";
import { workflowKey } from "../runtime/sending.ts";
import { validate } from "../schema.ts";
import type { StartSettings } from "./options.ts";

/** A start as the engine takes it: checked here, where its caller can still be told. */
export function startRequest(
  namespace: string,
  code: WorkflowCode,
  options: StartSettings & { readonly input?: unknown },
  now: number,
): StartRequest {
  const { settings } = code;
  const { id, requestId, conflict, reuse, delay, attributes, headers, priority } = options;
  const what = `the input of workflow "${code.name}"`;
  if (code.input) validate(code.input, options.input, what);
  const timeout = options.timeout ?? settings.timeout;
  const { retention, version } = settings;
  return {
    namespace,
    workflow: code.name,
    input: encodePayload(options.input, what),
    queue: settings.queue ?? "default",
    ...(id === undefined ? {} : { key: workflowKey(namespace, id) }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(conflict === undefined ? {} : { conflict }),
    ...(reuse === undefined ? {} : { reuse }),
    ...(delay === undefined ? {} : { startAt: now + durationMs(delay) }),
    ...(timeout === undefined ? {} : { runTimeoutMs: durationMs(timeout) }),
    ...(attributes === undefined ? {} : { attributes }),
    ...(headers === undefined ? {} : { headers }),
    ...(priority === undefined ? {} : { priority }),
    ...(retention === undefined ? {} : { retentionMs: durationMs(retention) }),
    ...(version === undefined ? {} : { version }),
    ...(options.signal === undefined ? {} : { signal: signalBody(options.signal) }),
  };
}

function signalBody({ name, payload }: NonNullable<StartSettings["signal"]>) {
  return { name, payload: encodePayload(payload, `the signal "${name}"`) };
}
