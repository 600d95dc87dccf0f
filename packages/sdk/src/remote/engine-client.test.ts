import { within, type Engine } from "@perdure/engine";
import { contractEngine, contractWorker } from "./contract-engine.test-support.ts";
import { engineClientContract } from "./engine-client.test-support.ts";
import { quiet, realServer } from "./real-server.test-support.ts";
import { RemoteEngine } from "./remote-engine.ts";
import { threeNodes } from "./three-nodes.test-support.ts";

engineClientContract("an engine in this process", async () => {
  const engine = await contractEngine();
  contractWorker(engine);
  return { client: engine, oracle: engine, close: () => engine.close() };
});

engineClientContract("one namespace of an engine", async () => {
  const engine = await contractEngine();
  contractWorker(engine);
  const client = within(engine, { namespace: "default" });
  return { client, oracle: client, close: () => engine.close() };
});

engineClientContract("a node of three, whose worker is at another", async () => {
  const [client, there, oracle] = (await threeNodes()) as [Engine, Engine, Engine];
  contractWorker(there);
  const close = async (): Promise<void> => {
    for (const node of [client, there, oracle]) await node.close();
  };
  return { client, oracle, close };
});

for (const [way, over] of [
  ["a WebSocket", {}],
  ["requests", { over: "http" }],
] as const) {
  engineClientContract(`an engine on a server, over ${way}`, async () => {
    const server = await realServer();
    const { engine } = server;
    contractWorker(engine);
    const apiKey = await server.key("admin");
    const client = await RemoteEngine.open({ url: server.url, apiKey, env: quiet, ...over });
    const close = async (): Promise<void> => {
      await client.close();
      await server.close();
    };
    return { client, oracle: within(engine, { namespace: "default" }), close };
  });
}
