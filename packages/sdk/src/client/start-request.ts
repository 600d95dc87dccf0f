import type { StartRequest } from "@perdure/engine";
import type { WorkflowCode } from "../define/workflow.ts";
import { durationMs } from "../duration.ts";
import { encodePayload } from "../payload.ts";
import { workflowKey } from "../runtime/sending.ts";
import { validate } from "../schema.ts";
import type { StartSettings } from "./options.ts";

type Draft = { -readonly [F in keyof StartRequest]: StartRequest[F] };

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
  // Most starts say little: what they leave out costs nothing.
  const request: Draft = {
    namespace,
    workflow: code.name,
    input: encodePayload(options.input, what),
    queue: settings.queue ?? "default",
  };
  if (id !== undefined) request.key = workflowKey(namespace, id);
  if (requestId !== undefined) request.requestId = requestId;
  if (conflict !== undefined) request.conflict = conflict;
  if (reuse !== undefined) request.reuse = reuse;
  if (delay !== undefined) request.startAt = now + durationMs(delay);
  if (timeout !== undefined) request.runTimeoutMs = durationMs(timeout);
  if (attributes !== undefined) request.attributes = attributes;
  if (headers !== undefined) request.headers = headers;
  if (priority !== undefined) request.priority = priority;
  if (retention !== undefined) request.retentionMs = durationMs(retention);
  if (version !== undefined) request.version = version;
  if (options.signal !== undefined) request.signal = signalBody(options.signal);
  return request;
}

function signalBody({ name, payload }: NonNullable<StartSettings["signal"]>) {
  return { name, payload: encodePayload(payload, `the signal "${name}"`) };
}
