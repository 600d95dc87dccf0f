/** The model that is asked: the real service when there is a key for it, else the scripted one. */
import { once } from "node:events";
import type { AgentConfig } from "./config.ts";
import { spawnScript } from "./processes.ts";
import type { ModelStats } from "./scripted/model-server.ts";

export interface ModelService {
  readonly name: string;
  readonly access: Pick<AgentConfig, "baseUrl" | "model">;
  /** The real service tells no figures. */
  stats(): Promise<ModelStats | undefined>;
}

export async function modelService(): Promise<ModelService> {
  const { OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL } = process.env;
  if (OPENAI_API_KEY) {
    const model = OPENAI_MODEL ?? "gpt-4o-mini";
    const access = OPENAI_BASE_URL ? { model, baseUrl: OPENAI_BASE_URL } : { model };
    return { name: `${model}, the real service`, access, stats: async () => undefined };
  }
  const child = spawnScript(new URL("./scripted/model-server.ts", import.meta.url), []);
  const [ready] = (await once(child, "message")) as [{ baseUrl: string }];
  return {
    name: "by script (set OPENAI_API_KEY to ask the real service)",
    access: { model: "scripted", baseUrl: `${ready.baseUrl}/v1` },
    stats: async () => (await (await fetch(`${ready.baseUrl}/stats`)).json()) as ModelStats,
  };
}
