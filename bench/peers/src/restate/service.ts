/** The process that serves the handlers, seen from the load. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { NamedProcess } from "../../../src/contender.ts";
import type { Latency } from "../../../src/latency.ts";
import { Meetings } from "../load.ts";
import { takeLatency, type FromService } from "./messages.ts";

export class ServiceProcess {
  readonly #child: ChildProcess;
  /** A call that waits, and the awakeable that it waits for. */
  readonly waiting: Meetings<string> = new Meetings<string>();
  readonly #latency: ((latency: Latency | undefined) => void)[] = [];
  readonly #port = Promise.withResolvers<number>();

  constructor() {
    const file = new URL("./service-process.ts", import.meta.url);
    this.#child = fork(file, {
      env: { ...process.env, RESTATE_LOGGING: "ERROR" },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#child.on("message", (message: FromService) => this.#hear(message));
    this.#child.on("exit", () => this.#port.reject(new Error("the service has ended")));
  }

  async url(): Promise<string> {
    return `http://127.0.0.1:${await this.#port.promise}`;
  }

  get process(): NamedProcess {
    return { name: "service", pid: this.#child.pid ?? 0 };
  }

  take(): Promise<Latency | undefined> {
    return new Promise((resolve) => {
      this.#latency.push(resolve);
      this.#child.send(takeLatency);
    });
  }

  async stop(): Promise<void> {
    const exit = once(this.#child, "exit");
    this.#child.disconnect();
    await exit;
  }

  #hear(message: FromService): void {
    switch (message.kind) {
      case "serves":
        return this.#port.resolve(message.port);
      case "waiting":
        return this.waiting.come(message.call, message.awakeable);
      case "latency":
        return this.#latency.shift()?.(message.latency);
    }
  }
}
