/** What the process of the services is told by whoever starts it. */
import type { Mode } from "../mode.ts";

/** `shared`: what most scenarios use. The others are deployments that one scenario has for itself. */
export type ServiceSet = "shared" | "own" | "first-version" | "second-version";

export interface ServiceSettings {
  readonly set: ServiceSet;
  readonly mode: Mode;
  /** 0: any free one. */
  readonly port: number;
  /** Ends the names of all services, so that two deployments can stand beside each other. */
  readonly suffix: string;
  /** Only requests that are signed with one of these keys are served. */
  readonly identityKeys: readonly string[];
  readonly http1: boolean;
}

export const settings: ServiceSettings = {
  set: "shared",
  mode: "bidi",
  port: 0,
  suffix: "",
  identityKeys: [],
  http1: false,
  ...(JSON.parse(process.argv[2] ?? "{}") as Partial<ServiceSettings>),
};

/** The suffix is unknown to the type, which is the name that scenarios write. */
export const named = <N extends string>(name: N): N => `${name}${settings.suffix}` as N;

/** Retries soon: a scenario waits for them. */
const retryPolicy = { initialInterval: 20, maxInterval: 500, exponentiationFactor: 2 };

const suspends = settings.mode === "always-suspending" ? { inactivityTimeout: 0 } : {};

export const serviceOptions = { retryPolicy, ...suspends };

export const objectOptions = {
  ...serviceOptions,
  ...(settings.mode === "lazy-state" ? { enableLazyState: true } : {}),
};
