/** What a scenario is given: a server with services, and what it needs to look at them. */
import { connect, type Ingress } from "@restatedev/restate-sdk-clients";
import type { Admin } from "./admin.ts";
import type { Against, Faults, Mode } from "./mode.ts";
import type { ServerUnderTest } from "./servers/server.ts";
import type { ServicesProcess } from "./services-process.ts";
import type { ServiceSettings } from "./services/settings.ts";

export interface World {
  readonly against: Against;
  readonly mode: Mode;
  readonly faults: Faults;
  /** Nobody else's, of letters, digits and underscores: for keys and tags. */
  readonly key: string;
  readonly ingress: Ingress;
  readonly ingressUrl: string;
  readonly admin: Admin;
  readonly adminUrl: string;
  /** A request to the ingress, without the SDK's client. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** How often a handler has marked the tag. */
  counted(tag: string): Promise<number>;
  /** A deployment of the scenario's own, at the same server. */
  own(settings?: Partial<ServiceSettings>): Promise<OwnServices>;
  /** A server of the scenario's own, with services of its own. */
  solo(options?: SoloOptions): Promise<Solo>;
}

export interface OwnServices {
  readonly process: ServicesProcess;
  readonly deployment: string;
  /** A service's name there. */
  named(name: string): string;
}

export interface SoloOptions {
  readonly identityKeyFile?: string;
  readonly services?: Partial<ServiceSettings>;
}

export interface Solo {
  readonly server: ServerUnderTest;
  readonly services: ServicesProcess;
  readonly admin: Admin;
  readonly ingress: Ingress;
}

export interface Scenario {
  readonly name: string;
  readonly run: (world: World) => Promise<void>;
  readonly needs: Needs;
}

/** Where a scenario is not run, and why. */
export interface Needs {
  /** Those in which it says something. All, if it is not given. */
  readonly modes?: readonly Mode[];
  /** Why it is not run where something disturbs it. */
  readonly calm?: string;
}

export interface ScenarioClass {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
}

export const scenario = (
  name: string,
  run: (world: World) => Promise<void>,
  needs: Needs = {},
): Scenario => ({ name, run, needs });

export const ingressOf = (url: string, fetch?: typeof globalThis.fetch): Ingress =>
  connect(fetch === undefined ? { url } : { url, fetch });
