/** The process that serves the handlers, seen from the scenarios. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { AskOfServices, ToldByServices } from "./services/process-messages.ts";
import type { ServiceSettings } from "./services/settings.ts";

const file = new URL("services/process.ts", import.meta.url);

export class ServicesProcess {
  #settings: Partial<ServiceSettings>;
  #child: ChildProcess | undefined;
  #port = 0;
  #lastAsked = 0;
  readonly #asked = new Map<number, (count: number) => void>();

  constructor(settings: Partial<ServiceSettings>) {
    this.#settings = settings;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** Starts it; after the first time on the same port, and with other settings where some are given. */
  async start(changed: Partial<ServiceSettings> = {}): Promise<void> {
    this.#settings = { ...this.#settings, ...changed, port: this.#port };
    const child = fork(file, [JSON.stringify(this.#settings)], {
      env: { ...process.env, RESTATE_LOGGING: "ERROR" },
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.#child = child;
    const serves = new Promise<void>((resolve, reject) => {
      child.once("exit", () => reject(new Error("the services have ended")));
      child.on("message", (told: ToldByServices) => {
        if (told.kind === "serves") {
          this.#port = told.port;
          resolve();
        } else {
          this.#asked.get(told.id)?.(told.count);
          this.#asked.delete(told.id);
        }
      });
    });
    await serves;
  }

  /** How often a handler has marked the tag in this process. */
  counted(tag: string): Promise<number> {
    const id = ++this.#lastAsked;
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      const ask: AskOfServices = { id, tag };
      this.#child?.send(ask);
    });
  }

  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
  }
}
