/**
 * The demo: a question, an agent that looks for the answer, a crash in the middle, a person who
 * has the last word. With OPENAI_API_KEY set it asks the real service, else a scripted one.
 */
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checksOf } from "./check.ts";
import type { AgentConfig, AgentMessage } from "./config.ts";
import { modelService } from "./model-service.ts";
import { readOptions, type DemoOptions } from "./options.ts";
import { killAll, spawnScript } from "./processes.ts";
import { askReviewer } from "./reviewer.ts";
import { Notes } from "./tools/notes.ts";

type Done = Extract<AgentMessage, { type: "done" }>;

const question = "Was it worth its price to pack the ice of Skarvik in sawdust instead of straw?";

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const options = readOptions(process.argv.slice(2));
if ("help" in options) {
  say(options.help);
  process.exitCode = options.exitCode;
} else {
  const folder = mkdtempSync(join(tmpdir(), "perdure-research-"));
  const clear = async (): Promise<void> => {
    await killAll();
    if (options.keep) say(`\nThe databases and the report are in ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => void clear().finally(() => process.exit(130)));
  }
  const good = await main(folder, options).catch((error: unknown) => {
    say(`\nThe demo could not finish: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  });
  await clear();
  process.exitCode = good ? 0 : 1;
}

async function main(folder: string, { crashAfter, interactive }: DemoOptions): Promise<boolean> {
  const service = await modelService();
  const config: AgentConfig = {
    store: join(folder, "perdure.db"),
    notes: join(folder, "notes.db"),
    report: join(folder, "report.md"),
    question,
    ...service.access,
    crashAfter,
  };
  const configFile = join(folder, "agent.json");
  say(`Question: ${question}\nModel: ${service.name}\n`);

  let lives = 1;
  let done = await live(configFile, config, interactive);
  if (done === undefined) {
    lives++;
    say("\n*** killed (SIGKILL) right after that; the same program is started again ***\n");
    done = await live(configFile, { ...config, crashAfter: "none" }, interactive);
  }
  if (done === undefined) throw new Error("the agent's process was killed by somebody else");

  const notes = new Notes(config.notes);
  const checks = checksOf({
    done,
    lives,
    crashAfter,
    notes: notes.all(),
    report: existsSync(config.report) ? readFileSync(config.report, "utf8") : undefined,
    stats: await service.stats(),
  });
  notes.close();
  say(`\nReviewed by ${done.by}. Checked afterwards:`);
  for (const { ok, text } of checks) say(`  ${ok ? "ok  " : "FAIL"} ${text}`);
  return checks.every(({ ok }) => ok);
}

/** One life of the agent's process: what it said at the end, or undefined when it was killed. */
async function live(
  configFile: string,
  config: AgentConfig,
  interactive: boolean,
): Promise<Done | undefined> {
  writeFileSync(configFile, JSON.stringify(config));
  const child = spawnScript(new URL("./agent.ts", import.meta.url), [configFile]);
  let done: Done | undefined;
  child.on("message", (message: AgentMessage) => {
    if (message.type === "did") say(message.text);
    if (message.type === "done") done = message;
    if (message.type === "review") {
      say("\nThe report waits for a person.");
      void askReviewer(interactive).then((answer) => child.send(answer));
    }
  });
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  if (signal === "SIGKILL") return undefined;
  if (code !== 0) throw new Error(`the agent's process ended by itself (${signal ?? code})`);
  return done;
}
