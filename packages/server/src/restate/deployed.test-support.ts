/** A deployment that is registered without an endpoint behind it. */
import { systemEnv, type Engine } from "@perdure/engine";
import { DeploymentRegistry } from "@perdure/protocol-restate";

const manifest = {
  minProtocolVersion: 5,
  maxProtocolVersion: 7,
  services: [{ name: "Greeter", ty: "SERVICE", handlers: [{ name: "greet" }] }],
};

export async function registered(engine: Engine, namespace: string): Promise<void> {
  const registry = await DeploymentRegistry.open({
    keyedState: engine.keyedState,
    env: systemEnv({ log: () => undefined }),
    discover: async () => ({ manifest, protocolMode: "BIDI_STREAM" }),
  });
  await registry.register(namespace, { uri: "http://127.0.0.1:9" });
  registry.close();
}
