/**
 * Files that the command line reads: settings, credentials, inputs, exported journals. Each is good
 * but for what was bent in it.
 *
 * A command may do its work or say what is wrong with the file. It has no bug to report, it writes
 * nothing to a terminal that a terminal would obey, and a file it refuses is left as it was.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exitCodes, run, type World } from "@perdure/cli";
import { createCalendar, Engine, systemEnv } from "@perdure/engine";
import { PerdureError, type Json } from "@perdure/kernel";
import { MemoryStore } from "@perdure/store";
import { exportedJournals } from "perdure/testing";
import { mutateBytes } from "../mutate-bytes.ts";
import { mutateJson } from "../mutate-json.ts";
import type { Random } from "../random.ts";
import { accepted, type Target, type Verdict } from "../target.ts";
import { exported } from "./requests.ts";

interface File {
  readonly sample: Json;
  readonly path: string;
  /** The command line that reads it; absent: it is read as an export. */
  readonly words?: readonly string[];
}

const runId = "01a217e3-5bac-863d-be9e-61efada2e261";

function filesIn(folder: string): readonly File[] {
  const at = (name: string): string => join(folder, name);
  return [
    {
      sample: {
        store: "sqlite:./perdure.db",
        port: 7373,
        allowedHosts: ["perdure.example.com"],
        audit: { file: "./audit.jsonl", maxBytes: 65_536 },
        jwt: {
          issuer: "https://login.example.com",
          audience: "perdure",
          algorithms: ["EdDSA"],
          jwksFile: "./jwks.json",
        },
        otlp: { url: "http://127.0.0.1:4318/v1/traces", sampleRatio: 0.1 },
        limits: { requestsPerSecond: 100 },
      },
      path: at("perdure.json"),
      words: ["start", "--print", "--config", at("perdure.json")],
    },
    {
      sample: { servers: { "http://127.0.0.1:7373": "pdk_0", "https://example.com": "pdk_1" } },
      path: at("perdure/credentials.json"),
      words: ["login", "--forget", "https://example.com"],
    },
    {
      sample: { order: 7, lines: [{ sku: "a", amount: 12.5 }] },
      path: at("input.json"),
      words: ["runs", "start", "returns", `@${at("input.json")}`],
    },
    { sample: exported(runId), path: at("export.jsonl") },
    {
      sample: exported(runId),
      path: at("import.jsonl"),
      words: ["import", at("import.jsonl")],
    },
  ];
}

export async function filesTarget(): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), "perdure-fuzz-"));
  mkdirSync(join(folder, "perdure"));
  const files = filesIn(folder);
  const env = systemEnv({ log: () => undefined });
  const store = new MemoryStore();
  const engine = await Engine.open({ store, env, calendar: createCalendar() });
  const connect: World["connect"] = async () => ({ client: engine, close: async () => undefined });
  return {
    name: "files",
    share: 0.6,
    async run(random, show) {
      const file = random.pick(files);
      const bytes = bent(random, file.sample);
      show({ file: file.path, text: new TextDecoder().decode(bytes) });
      writeFileSync(file.path, bytes);
      return file.words === undefined
        ? readExport(bytes)
        : obey(file.words, file.path, { connect, env: { XDG_CONFIG_HOME: folder } });
    },
    async close() {
      await engine.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function bent(random: Random, sample: Json): Uint8Array {
  const text = JSON.stringify(mutateJson(random, sample), undefined, random.chance(0.5) ? 2 : 0);
  const bytes = new TextEncoder().encode(text);
  return random.chance(0.3) ? mutateBytes(random, bytes) : bytes;
}

async function readExport(bytes: Uint8Array): Promise<Verdict> {
  for await (const journal of exportedJournals(new TextDecoder().decode(bytes).split("\n"))) {
    if ("problem" in journal) return { type: "refused", code: "unreadable" };
  }
  return accepted;
}

async function obey(
  words: readonly string[],
  path: string,
  world: Pick<World, "connect" | "env">,
): Promise<Verdict> {
  const before = readFileSync(path);
  let written = "";
  const sink = (chunk: string): void => void (written += chunk);
  const code = await run(words, {
    ...world,
    out: sink,
    err: sink,
    now: () => Date.now(),
    width: 80,
    outIsTerminal: false,
    errIsTerminal: false,
    inIsTerminal: false,
    interrupted: new AbortController().signal,
    ask: async () => "",
    readStdin: async () => "",
  });
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(written)) {
    throw new Error(`a terminal would obey this: ${JSON.stringify(written)}`);
  }
  if (code === exitCodes.ok.code) return accepted;
  if (code === exitCodes.internal.code) throw new Error(written);
  if (!before.equals(readFileSync(path))) throw new Error(`it refused ${path} and changed it`);
  throw new PerdureError("invalid-argument", written);
}
