/**
 * The agent's process: Perdure on a SQLite file, and one research run. It may be killed at any
 * moment; started again with the same files, the run goes on where it was.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { open } from "perdure";
import { AgentConfig, type AgentMessage, type ReviewAnswer } from "./config.ts";
import { Corpus } from "./corpus.ts";
import { Model } from "./model.ts";
import { Notes } from "./tools/notes.ts";
import { Toolbox } from "./tools/toolbox.ts";
import { researchWorkflow } from "./workflow.ts";

const [configFile] = process.argv.slice(2);
if (configFile === undefined) throw new Error("usage: agent.ts CONFIG.json");
const config = AgentConfig.parse(JSON.parse(readFileSync(configFile, "utf8")));

const tell = (message: AgentMessage): void => void process.send?.(message);

/** Says what was done, and dies if this is where it should: done, and not recorded. */
async function did(what: string, text: string): Promise<void> {
  await new Promise<void>((sent) => {
    process.send?.({ type: "did", text } satisfies AgentMessage, () => sent());
  });
  if (what === config.crashAfter) process.kill(process.pid, "SIGKILL");
}

const { baseUrl, model } = config;
const apiKey = process.env["OPENAI_API_KEY"] ?? "none";
const notes = new Notes(config.notes);
const research = researchWorkflow({
  model: new Model({ apiKey, baseURL: baseUrl, model }),
  toolbox: new Toolbox(new Corpus(new URL("../corpus/", import.meta.url)), notes),
  askReviewer: (report) => tell({ type: "review", report }),
  publish: (report) => {
    writeFileSync(`${config.report}.part`, `${report}\n`);
    renameSync(`${config.report}.part`, config.report);
  },
  did,
});

const perdure = await open({ store: `sqlite:${config.store}`, workflows: [research] });
const run = await perdure.start(research, {
  id: "ice-house",
  requestId: "ice-house",
  input: { question: config.question },
});

process.on("message", (answer: ReviewAnswer) => void run.signal("review", answer));
// It lives as long as the process that started it, and a Ctrl-C is that one's to handle.
process.once("disconnect", () => process.exit(0));
process.on("SIGINT", () => {});

const { published, by } = await run.result();
const ended = (await run.journal()).filter((event) => event.kind === "step.completed");
tell({
  type: "done",
  published,
  by,
  steps: Object.fromEntries(
    [...Map.groupBy(ended, ({ name }) => name)].map(([name, { length }]) => [name, length]),
  ),
  maybeRan: ended.filter((event) => event.maybeRan).map((event) => event.key),
});
notes.close();
await perdure.close();
process.disconnect();
