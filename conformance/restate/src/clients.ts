/** The SDK's typed clients of the services that scenarios share. */
import type { IngressClient, IngressSendClient, Send } from "@restatedev/restate-sdk-clients";
import type * as restate from "@restatedev/restate-sdk";
import { eventually, holds } from "./check.ts";
import type { echo, proxy } from "./services/calls.ts";
import type { combiner } from "./services/combining.ts";
import type { counter } from "./services/state.ts";
import type { holder, signals } from "./services/waiting.ts";
import type { World } from "./world.ts";

type ServiceClient<D> = IngressClient<restate.Service<D>>;
type ObjectClient<D> = IngressClient<restate.VirtualObject<D>>;

export const proxyOf = ({ ingress }: World): ServiceClient<typeof proxy> =>
  ingress.serviceClient<typeof proxy>({ name: "Proxy" });

export const echoOf = ({ ingress }: World): ServiceClient<typeof echo> =>
  ingress.serviceClient<typeof echo>({ name: "Echo" });

export const sendToEcho = ({ ingress }: World): IngressSendClient<restate.Service<typeof echo>> =>
  ingress.serviceSendClient<typeof echo>({ name: "Echo" });

export const counterOf = (
  { ingress, key }: World,
  of: string = key,
): ObjectClient<typeof counter> => ingress.objectClient<typeof counter>({ name: "Counter" }, of);

export const combinerOf = ({ ingress, key }: World): ObjectClient<typeof combiner> =>
  ingress.objectClient<typeof combiner>({ name: "Combiner" }, key);

export const signalsOf = ({ ingress }: World): ServiceClient<typeof signals> =>
  ingress.serviceClient<typeof signals>({ name: "Signals" });

export const holderOf = ({ ingress, key }: World, of: string = key): ObjectClient<typeof holder> =>
  ingress.objectClient<typeof holder>({ name: "AwakeableHolder" }, of);

/** The id of the awakeable that is held under the scenario's key, once it is. */
export const heldAwakeable = (world: World): Promise<string> =>
  eventually(async () => {
    const id = await holderOf(world).id();
    holds(id !== "", "an awakeable is held");
    return id;
  });

/** What came of an invocation, with or without an idempotency key. */
export const resultOf = <T>({ ingress }: World, send: Pick<Send<T>, "invocationId">): Promise<T> =>
  ingress.result<T>({ invocationId: send.invocationId, status: "Accepted", attachable: true });
