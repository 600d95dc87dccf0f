/** What the admin API stands on. */
import type { EngineClient, Env, KeyVerbs } from "@perdure/engine";
import type { KeyRef, RunId } from "@perdure/kernel";
import type { NamespaceCatalog } from "../../deployments/catalog.ts";
import type { DeploymentRegistry } from "../../deployments/registry.ts";
import type { Preview, PreviewRequest } from "../../driver/preview.ts";

export interface AdminParts {
  readonly env: Env;
  readonly registry: DeploymentRegistry;
  /** Reaches every namespace: it is only ever asked about the caller's. */
  readonly keys: KeyVerbs;
  readonly keyOf: (runId: RunId) => Promise<KeyRef | undefined>;
  /** Asks an endpoint to show a value; absent: none is asked. */
  readonly preview?: (request: PreviewRequest) => Promise<Preview>;
  /** Where callers find the ingress, as they are told. */
  readonly ingressUrl: string;
  /** Perdure's own, as in `0.4.0`. */
  readonly version: string;
}

/** Who asks: within one namespace, which the engine's client does not leave. */
export interface AdminCaller {
  readonly engine: EngineClient;
  readonly namespace: string;
  readonly by: string;
}

/** Everything that one request is answered with. */
export interface Desk extends AdminParts, AdminCaller {
  readonly catalog: NamespaceCatalog;
}

export interface AdminEnv {
  readonly Bindings: { readonly desk: Desk };
}

/** The versions of the API that clients may ask for by path; all are answered alike. */
export const ADMIN_API = { min: 2, max: 4 } as const;
