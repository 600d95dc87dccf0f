/** `perdure start` as processes of their own, over one PostgreSQL. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startPostgres, type PostgresServer } from "@perdure/store-postgres/testing";
import { perdureIn, type Answer } from "./cli.test-support.ts";

const program = fileURLToPath(new URL("./from-source.ts", import.meta.url));
export const adminKey: string = `pdk_${"0".repeat(16)}_${"a".repeat(43)}`;

export interface NodeProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it has written to standard error. */
  readonly errors: () => string;
}

export class NodeProcesses implements AsyncDisposable {
  readonly postgres: PostgresServer;
  readonly #folder = mkdtempSync(join(tmpdir(), "perdure-nodes-"));
  readonly #children = new Set<ChildProcess>();

  private constructor(postgres: PostgresServer) {
    this.postgres = postgres;
    writeFileSync(this.secretFile, `${"a-secret-of-processes-".repeat(2)}\n`);
  }

  static async open(): Promise<NodeProcesses> {
    return new NodeProcesses(await startPostgres());
  }

  get store(): string {
    return this.postgres.address("partitions=12");
  }

  get secretFile(): string {
    return join(this.#folder, "secret");
  }

  /** Resolves when it serves. */
  async start(...more: readonly string[]): Promise<NodeProcess> {
    const { child, errors } = this.spawn(...more);
    let out = "";
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout?.on("data", (chunk: Buffer) => {
        out += chunk.toString();
        if (out.includes("\n")) resolve(out.slice(0, out.indexOf("\n")));
      });
      child.on("exit", (code) => reject(new Error(`it ended with ${code}: ${errors()}`)));
    });
    const { url } = JSON.parse(line) as { readonly url: string };
    return { url, child, errors };
  }

  spawn(...more: readonly string[]): Pick<NodeProcess, "child" | "errors"> {
    const args = ["--conditions=perdure-source", program, "start", "--json"];
    const where = ["--store", this.store, "--port", "0"];
    const child = spawn(process.execPath, [...args, ...where, ...more], {
      env: { PATH: process.env["PATH"], PERDURE_ADMIN_KEY: adminKey, PERDURE_GRACE_MS: "500" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#children.add(child);
    child.on("exit", () => this.#children.delete(child));
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    return { child, errors: () => errors };
  }

  /** One of several. */
  node(): Promise<NodeProcess> {
    return this.start("--node-listen", "127.0.0.1:0", "--node-secret-file", this.secretFile);
  }

  /** Every node is alive, and each has a share of the partitions. */
  async settled(nodes: readonly NodeProcess[]): Promise<void> {
    for (const { url } of nodes) {
      await until(async () => {
        const found = await this.nodes(url);
        const alive = found.filter(({ isAlive }) => isAlive);
        const isShared = alive.every(
          ({ partitions, isReachable }) => isReachable && partitions > 0,
        );
        const had = alive.reduce((sum, { partitions }) => sum + partitions, 0);
        return alive.length === nodes.length && isShared && had === 12;
      });
    }
  }

  async nodes(url: string): Promise<readonly NodeLine[]> {
    const { out } = await this.ask(url, "nodes --json");
    return (JSON.parse(out) as { readonly nodes: readonly NodeLine[] }).nodes;
  }

  /** A command line against one of them. */
  ask(url: string, words: string): Promise<Answer> {
    const env = { PERDURE_URL: url, PERDURE_API_KEY: adminKey, XDG_CONFIG_HOME: this.#folder };
    return perdureIn({ env }, words);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#children].map((child) => ended(child, "SIGKILL")));
    await this.postgres.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

interface NodeLine {
  readonly id: string;
  readonly version: string;
  readonly isAlive: boolean;
  readonly isReachable: boolean;
  readonly partitions: number;
}

/** Its exit code; null after a signal that it could not take. */
export async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const gone = once(child, "exit");
  child.kill(signal);
  const [code] = (await gone) as [number | null];
  return code;
}

export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => void setTimeout(resolve, 50));
}
