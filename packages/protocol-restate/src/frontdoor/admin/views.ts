/** Deployments, services and handlers as Restate's tools read them. */
import type { DeploymentRecord, ServiceView } from "../../deployments/catalog.ts";
import type { HandlerSettings, HandlerView } from "../../deployments/deployment.ts";
import type { ManifestHandler } from "../../deployments/manifest.ts";
import { durationText } from "./durations.ts";

type Fields = Readonly<Record<string, unknown>>;

const SERVICE_TYPES = {
  SERVICE: "Service",
  VIRTUAL_OBJECT: "VirtualObject",
  WORKFLOW: "Workflow",
} as const;
const HANDLER_TYPES = { EXCLUSIVE: "Exclusive", SHARED: "Shared", WORKFLOW: "Workflow" } as const;

export function serviceJson(service: ServiceView): Fields {
  const { name, type, settings, manifest } = service;
  const { documentation, metadata } = manifest;
  const isWorkflow = type === "WORKFLOW";
  return {
    name,
    ty: SERVICE_TYPES[type],
    handlers: service.handlers.map((handler) => handlerJson(service, handler)),
    ...(documentation ? { documentation } : {}),
    ...(metadata && Object.keys(metadata).length > 0 ? { metadata } : {}),
    deployment_id: service.deploymentId,
    revision: service.revision,
    public: service.isPublic,
    idempotency_retention: durationText(settings.idempotencyRetentionMs),
    ...(isWorkflow
      ? { workflow_completion_retention: durationText(settings.workflowCompletionRetentionMs) }
      : {}),
    journal_retention: durationText(settings.journalRetentionMs),
    inactivity_timeout: durationText(settings.inactivityTimeoutMs),
    abort_timeout: durationText(settings.abortTimeoutMs),
    enable_lazy_state: settings.enableLazyState,
    retry_policy: retryJson(settings),
  };
}

function retryJson({ retry }: HandlerSettings): Fields {
  return {
    initial_interval: durationText(retry.initialMs),
    exponentiation_factor: retry.factor,
    // Without end: null, as with Restate.
    max_attempts: retry.maxAttempts === 0 ? null : retry.maxAttempts,
    max_interval: durationText(retry.maxIntervalMs),
    on_max_attempts: retry.onMaxAttempts === "KILL" ? "Kill" : "Pause",
  };
}

export function handlerJson(service: ServiceView, handler: HandlerView): Fields {
  const { name, type, settings, input, output } = handler;
  const said = service.manifest.handlers.find((one) => one.name === name);
  return {
    name,
    ...(type === "SERVICE" ? {} : { ty: HANDLER_TYPES[type] }),
    ...(said?.documentation ? { documentation: said.documentation } : {}),
    ...(said?.metadata && Object.keys(said.metadata).length > 0 ? { metadata: said.metadata } : {}),
    ...ownTimes(said),
    public: !settings.isPrivate,
    input_description: input?.contentType ?? "any",
    output_description: output?.contentType ?? "any",
    ...(said?.input?.jsonSchema ? { input_json_schema: said.input.jsonSchema } : {}),
    ...(said?.output?.jsonSchema ? { output_json_schema: said.output.jsonSchema } : {}),
    ...(said?.enableLazyState === undefined || said.enableLazyState === null
      ? {}
      : { enable_lazy_state: said.enableLazyState }),
    retry_policy: ownRetry(said),
  };
}

/** What the handler says for itself; the rest is its service's. */
function ownTimes(said: ManifestHandler | undefined): Fields {
  const times = {
    idempotency_retention: said?.idempotencyRetention,
    workflow_completion_retention: said?.workflowCompletionRetention,
    journal_retention: said?.journalRetention,
    inactivity_timeout: said?.inactivityTimeout,
    abort_timeout: said?.abortTimeout,
  };
  return Object.fromEntries(
    Object.entries(times).flatMap(([name, ms]) =>
      ms === undefined || ms === null ? [] : [[name, durationText(ms)]],
    ),
  );
}

function ownRetry(said: ManifestHandler | undefined): Fields {
  const { retryPolicyInitialInterval: initial, retryPolicyMaxInterval: longest } = said ?? {};
  const factor = said?.retryPolicyExponentiationFactor;
  const then = said?.retryPolicyOnMaxAttempts;
  return {
    ...(typeof initial === "number" ? { initial_interval: durationText(initial) } : {}),
    ...(typeof factor === "number" ? { exponentiation_factor: factor } : {}),
    max_attempts: said?.retryPolicyMaxAttempts ?? null,
    ...(typeof longest === "number" ? { max_interval: durationText(longest) } : {}),
    ...(then ? { on_max_attempts: then === "KILL" ? "Kill" : "Pause" } : {}),
  };
}

export function deploymentJson(
  { deployment }: DeploymentRecord,
  services: readonly unknown[],
): Fields {
  const { id, uri, additionalHeaders, metadata, sdkVersion } = deployment;
  return {
    id,
    uri: `${uri}/`,
    protocol_type: deployment.protocolMode === "BIDI_STREAM" ? "BidiStream" : "RequestResponse",
    http_version: deployment.useHttp11 ? "HTTP/1.1" : "HTTP/2.0",
    ...(Object.keys(additionalHeaders).length > 0 ? { additional_headers: additionalHeaders } : {}),
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
    created_at: new Date(deployment.createdAt).toISOString(),
    min_protocol_version: deployment.minProtocolVersion,
    max_protocol_version: deployment.maxProtocolVersion,
    ...(sdkVersion === undefined ? {} : { sdk_version: sdkVersion }),
    services,
  };
}
