/**
 * What an endpoint says of itself when it is discovered: versions 2 to 4 of the manifest. Unknown
 * fields are left out, for a later SDK may say more; what is known must be as it should.
 */
import type { Json, PerdureError } from "@perdure/kernel";
import * as z from "zod";
import { restateLimits } from "../limits.ts";
import type { ServiceType } from "./deployment.ts";
import { restateError } from "./restate-error.ts";

/** The versions of the service protocol that this server speaks. */
export const PROTOCOL_VERSIONS: { readonly min: number; readonly max: number } = { min: 5, max: 7 };

type Said<T> = T | null | undefined;
type Words = Readonly<Record<string, string>>;

/** What services and handlers may both say; all durations in ms. */
export interface ManifestSettings {
  readonly documentation?: Said<string>;
  readonly metadata?: Said<Words>;
  readonly inactivityTimeout?: Said<number>;
  readonly abortTimeout?: Said<number>;
  readonly journalRetention?: Said<number>;
  readonly idempotencyRetention?: Said<number>;
  readonly enableLazyState?: Said<boolean>;
  readonly ingressPrivate?: Said<boolean>;
  readonly retryPolicyInitialInterval?: Said<number>;
  readonly retryPolicyMaxInterval?: Said<number>;
  readonly retryPolicyMaxAttempts?: Said<number>;
  readonly retryPolicyExponentiationFactor?: Said<number>;
  readonly retryPolicyOnMaxAttempts?: Said<"PAUSE" | "KILL">;
}

export interface ManifestHandler extends ManifestSettings {
  readonly name: string;
  readonly ty?: Said<"EXCLUSIVE" | "SHARED" | "WORKFLOW">;
  readonly input?: Said<{
    readonly required?: Said<boolean>;
    readonly contentType?: Said<string>;
    readonly jsonSchema?: Said<Json>;
  }>;
  readonly output?: Said<{
    readonly contentType?: Said<string>;
    readonly setContentTypeIfEmpty?: Said<boolean>;
    readonly jsonSchema?: Said<Json>;
  }>;
  readonly workflowCompletionRetention?: Said<number>;
}

export interface ManifestService extends ManifestSettings {
  readonly name: string;
  readonly ty: ServiceType;
  readonly handlers: readonly ManifestHandler[];
}

export interface Manifest {
  readonly protocolMode?: Said<"BIDI_STREAM" | "REQUEST_RESPONSE">;
  readonly minProtocolVersion: number;
  readonly maxProtocolVersion: number;
  readonly services: readonly ManifestService[];
}

/** A hundred years: what is longer is a mistake. */
const MAX_MS = 3_153_600_000_000;
const ms = z.number().min(0).max(MAX_MS).transform(Math.round).nullish();
const words = z.record(z.string(), z.string()).nullish();

const settings = {
  documentation: z.string().nullish(),
  metadata: words,
  inactivityTimeout: ms,
  abortTimeout: ms,
  journalRetention: ms,
  idempotencyRetention: ms,
  enableLazyState: z.boolean().nullish(),
  ingressPrivate: z.boolean().nullish(),
  retryPolicyInitialInterval: ms,
  retryPolicyMaxInterval: ms,
  retryPolicyMaxAttempts: z.number().min(0).max(Number.MAX_SAFE_INTEGER).nullish(),
  retryPolicyExponentiationFactor: z.number().min(1).max(1_000).nullish(),
  retryPolicyOnMaxAttempts: z.enum(["PAUSE", "KILL"]).nullish(),
};

const input = z.object({
  required: z.boolean().nullish(),
  contentType: z.string().nullish(),
  jsonSchema: z.json().nullish(),
});
const output = z.object({
  contentType: z.string().nullish(),
  setContentTypeIfEmpty: z.boolean().nullish(),
  jsonSchema: z.json().nullish(),
});

const name = (maxChars: number) => z.string().min(1).max(maxChars);
// A handler's name has no dot: the last one of a workflow's name divides service and handler.
const handlerName = name(restateLimits.handlerNameChars).regex(/^[a-zA-Z_][a-zA-Z0-9_-]*$/);
const serviceName = name(restateLimits.serviceNameChars).regex(/^[a-zA-Z_][a-zA-Z0-9._-]*$/);

const handlerShape = z.object({
  name: handlerName,
  ty: z.enum(["EXCLUSIVE", "SHARED", "WORKFLOW"]).nullish(),
  input: input.nullish(),
  output: output.nullish(),
  ...settings,
  workflowCompletionRetention: ms,
});

const serviceShape = z.object({
  name: serviceName,
  ty: z.enum(["SERVICE", "VIRTUAL_OBJECT", "WORKFLOW"]),
  handlers: z.array(handlerShape).max(restateLimits.serviceHandlers),
  ...settings,
});

const manifestShape = z.object({
  protocolMode: z.enum(["BIDI_STREAM", "REQUEST_RESPONSE"]).nullish(),
  minProtocolVersion: z.int().min(1).max(1_000_000),
  maxProtocolVersion: z.int().min(1).max(1_000_000),
  services: z.array(serviceShape).max(restateLimits.deploymentServices),
});

/** Throws `invalid-argument` with META0003, or META0012 where the versions do not meet. */
export function parseManifest(json: unknown): Manifest {
  const result = manifestShape.safeParse(json);
  if (!result.success) throw unfit(problem(result.error));
  const found: Manifest = result.data;
  const { minProtocolVersion: min, maxProtocolVersion: max } = found;
  if (min > max || max < PROTOCOL_VERSIONS.min || min > PROTOCOL_VERSIONS.max) {
    const text =
      `The endpoint speaks versions ${min} to ${max} of the service protocol, this server ` +
      `${PROTOCOL_VERSIONS.min} to ${PROTOCOL_VERSIONS.max}: update the SDK of the endpoint.`;
    throw restateError("invalid-argument", "META0012", text);
  }
  const names = new Set<string>();
  for (const one of found.services) {
    if (names.has(one.name)) throw unfit(`the service ${one.name} is there twice`);
    names.add(one.name);
    checkService(one);
  }
  return found;
}

/** The version that a deployment's invocations speak: the highest that both sides know. */
export function chosenVersion({ maxProtocolVersion }: Manifest): number {
  return Math.min(maxProtocolVersion, PROTOCOL_VERSIONS.max);
}

/** Services by these names would hide what the doors have there. */
const reserved: ReadonlySet<string> = new Set(["restate", "openapi", "perdure"]);

function checkService({ name: called, ty, handlers }: ManifestService): void {
  if (reserved.has(called) || called.startsWith("perdure.")) {
    throw unfit(`the name ${called} is the server's own: give the service another`);
  }
  const names = new Set<string>();
  for (const one of handlers) {
    const at = `${called}/${one.name}`;
    if (names.has(one.name)) throw unfit(`the handler ${at} is there twice`);
    names.add(one.name);
    if (!fits(ty, one.ty ?? undefined)) throw unfit(`the handler ${at} is ${one.ty} in a ${ty}`);
  }
  const runs = handlers.filter((one) => ty === "WORKFLOW" && one.ty !== "SHARED");
  if (ty === "WORKFLOW" && runs.length !== 1) {
    throw unfit(`the workflow ${called} has ${runs.length} handlers of type WORKFLOW, not one`);
  }
}

function fits(service: ManifestService["ty"], type: ManifestHandler["ty"]): boolean {
  if (type === undefined || type === null) return true;
  if (service === "SERVICE") return false;
  return type === "SHARED" || type === (service === "WORKFLOW" ? "WORKFLOW" : "EXCLUSIVE");
}

function problem({ issues }: z.ZodError): string {
  const [issue] = issues;
  if (issue === undefined) return "it is not as it should be";
  const at = issue.path.map(String).join(".").slice(0, 200);
  return at === "" ? issue.message : `${at}: ${issue.message}`;
}

function unfit(why: string): PerdureError {
  const text = `The endpoint's manifest cannot be used: ${why}.`;
  return restateError("invalid-argument", "META0003", text);
}
