/** What every part of the ingress is given. */
import type { Env } from "@perdure/engine";
import type { DeploymentRegistry } from "../../deployments/registry.ts";
import type { DoorRequest } from "./door-answer.ts";
import type { DoorCaller } from "./door-caller.ts";
import type { Waits } from "./waits.ts";

export interface Door {
  readonly registry: Pick<DeploymentRegistry, "catalog" | "refresh">;
  readonly env: Pick<Env, "now" | "log">;
  readonly waits: Waits;
}

export interface DoorAsk {
  readonly request: DoorRequest;
  readonly url: URL;
  readonly caller: DoorCaller;
}
