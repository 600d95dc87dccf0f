import {
  contractEngine,
  contractWorker,
  engineClientContract,
} from "./engine-client.test-support.ts";

engineClientContract("an engine in this process", async () => {
  const engine = await contractEngine();
  contractWorker(engine);
  return { client: engine, engine, close: () => engine.close() };
});
