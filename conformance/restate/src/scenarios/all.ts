import type { ScenarioClass } from "../world.ts";
import { callOrdering, serviceToService } from "./calls.ts";
import { cancellation, explicitCancellation, kill } from "./cancelling.ts";
import { generators, hooks, nonDeterminism } from "./changing.ts";
import { combinators, promiseCombinators } from "./combining.ts";
import { randomness, runFlush, runRetry, userErrors } from "./failing.ts";
import { commandLineScenarios } from "./command-line.ts";
import { idempotency, ingress, sends } from "./ingress.ts";
import { admin, introspection } from "./introspection.ts";
import { ownDeployments } from "./own.ts";
import { state } from "./state.ts";
import { awakeable, signal, sleep, sleepWithFailures } from "./waiting.ts";
import { workflow } from "./workflows.ts";

export const scenarioClasses: readonly ScenarioClass[] = [
  state,
  callOrdering,
  serviceToService,
  sleep,
  sleepWithFailures,
  awakeable,
  signal,
  combinators,
  promiseCombinators,
  ingress,
  sends,
  idempotency,
  cancellation,
  explicitCancellation,
  kill,
  userErrors,
  runFlush,
  runRetry,
  randomness,
  workflow,
  nonDeterminism,
  hooks,
  generators,
  ...ownDeployments,
  admin,
  introspection,
  commandLineScenarios,
];
