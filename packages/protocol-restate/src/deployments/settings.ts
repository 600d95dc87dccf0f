/** What applies to a handler: a person's patch, else the handler's own words, its service's, the server's. */
import type {
  HandlerSettings,
  HandlerType,
  HandlerView,
  RetrySettings,
  ServiceType,
} from "./deployment.ts";
import type { ManifestHandler, ManifestService, ManifestSettings } from "./manifest.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Those of Restate 1.7, so that an endpoint that moves here sees no difference. */
export const defaultSettings: HandlerSettings = {
  inactivityTimeoutMs: MINUTE_MS,
  abortTimeoutMs: 10 * MINUTE_MS,
  journalRetentionMs: DAY_MS,
  idempotencyRetentionMs: DAY_MS,
  workflowCompletionRetentionMs: DAY_MS,
  enableLazyState: false,
  isPrivate: false,
  retry: {
    initialMs: 500,
    maxIntervalMs: MINUTE_MS,
    factor: 2,
    maxAttempts: 70,
    onMaxAttempts: "PAUSE",
  },
};

/** What a person has changed of a service; the next discovery of it forgets this. */
export interface ServicePatch {
  readonly public?: boolean;
  readonly inactivityTimeoutMs?: number;
  readonly abortTimeoutMs?: number;
  readonly journalRetentionMs?: number;
  readonly idempotencyRetentionMs?: number;
  readonly workflowCompletionRetentionMs?: number;
}

type Said = ManifestSettings & Pick<ManifestHandler, "workflowCompletionRetention">;

export function settingsOf(
  said: readonly Said[],
  patch: ServicePatch,
  defaults: HandlerSettings,
): HandlerSettings {
  const first = <K extends keyof Said>(field: K): NonNullable<Said[K]> | undefined =>
    said.map((one) => one[field]).find(isSaid) ?? undefined;
  const workflowCompletionRetentionMs =
    patch.workflowCompletionRetentionMs ??
    first("workflowCompletionRetention") ??
    defaults.workflowCompletionRetentionMs;
  return {
    inactivityTimeoutMs:
      patch.inactivityTimeoutMs ?? first("inactivityTimeout") ?? defaults.inactivityTimeoutMs,
    abortTimeoutMs: patch.abortTimeoutMs ?? first("abortTimeout") ?? defaults.abortTimeoutMs,
    journalRetentionMs:
      patch.journalRetentionMs ?? first("journalRetention") ?? defaults.journalRetentionMs,
    idempotencyRetentionMs:
      patch.idempotencyRetentionMs ??
      first("idempotencyRetention") ??
      defaults.idempotencyRetentionMs,
    workflowCompletionRetentionMs,
    enableLazyState: first("enableLazyState") ?? defaults.enableLazyState,
    isPrivate:
      patch.public === undefined
        ? said.some(({ ingressPrivate }) => ingressPrivate === true) || defaults.isPrivate
        : !patch.public,
    retry: retryOf(first, defaults.retry),
  };
}

function retryOf(
  first: <K extends keyof Said>(field: K) => NonNullable<Said[K]> | undefined,
  defaults: RetrySettings,
): RetrySettings {
  const initialMs = first("retryPolicyInitialInterval") ?? defaults.initialMs;
  return {
    initialMs,
    maxIntervalMs: Math.max(initialMs, first("retryPolicyMaxInterval") ?? defaults.maxIntervalMs),
    factor: first("retryPolicyExponentiationFactor") ?? defaults.factor,
    maxAttempts: Math.floor(first("retryPolicyMaxAttempts") ?? defaults.maxAttempts),
    onMaxAttempts: first("retryPolicyOnMaxAttempts") ?? defaults.onMaxAttempts,
  };
}

export function handlerType(service: ServiceType, said: ManifestHandler["ty"]): HandlerType {
  if (service === "SERVICE") return "SERVICE";
  return said ?? (service === "WORKFLOW" ? "WORKFLOW" : "EXCLUSIVE");
}

export function handlerView(
  service: ManifestService,
  handler: ManifestHandler,
  patch: ServicePatch,
  defaults: HandlerSettings,
): HandlerView {
  const { input, output } = handler;
  return {
    service: service.name,
    serviceType: service.ty,
    name: handler.name,
    type: handlerType(service.ty, handler.ty),
    ...(isSaid(input)
      ? {
          input: {
            ...(isSaid(input.required) ? { required: input.required } : {}),
            ...(isSaid(input.contentType) ? { contentType: input.contentType } : {}),
          },
        }
      : {}),
    ...(isSaid(output)
      ? {
          output: {
            ...(isSaid(output.contentType) ? { contentType: output.contentType } : {}),
            ...(isSaid(output.setContentTypeIfEmpty)
              ? { setContentTypeIfEmpty: output.setContentTypeIfEmpty }
              : {}),
          },
        }
      : {}),
    settings: settingsOf([handler, service], patch, defaults),
  };
}

function isSaid<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}
