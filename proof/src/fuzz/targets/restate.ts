/**
 * What a Restate endpoint sends: frames, whole and bent, through the reader into commands, and on
 * into a run. Whatever is taken has to come back the same from the run's journal.
 */
import { decide, runMachine, type Command, type RunEvent, type RunMessage } from "@perdure/kernel";
import type { HandlerView } from "@perdure/protocol-restate";
import {
  commandsOf,
  encodeFrame,
  entriesOf,
  FrameReader,
  isResolved,
  suspensionOf,
  type JournalState,
  type Message,
  type ProjectionContext,
} from "@perdure/protocol-restate/protocol";
import { inspect } from "node:util";
import { mutateBytes } from "../mutate-bytes.ts";
import type { Random } from "../random.ts";
import { accepted, type Target, type Verdict } from "../target.ts";
import { home, Talk } from "./restate-talk.ts";

const settings: HandlerView["settings"] = {
  inactivityTimeoutMs: 60_000,
  abortTimeoutMs: 60_000,
  journalRetentionMs: 0,
  idempotencyRetentionMs: 0,
  workflowCompletionRetentionMs: 0,
  enableLazyState: false,
  isPrivate: false,
  retry: { initialMs: 1, maxIntervalMs: 1, factor: 1, maxAttempts: 1, onMaxAttempts: "PAUSE" },
};

const echo: HandlerView = {
  service: "Echo",
  serviceType: "SERVICE",
  name: "say",
  type: "SERVICE",
  settings,
};
const cart: HandlerView = {
  ...echo,
  service: "Cart",
  serviceType: "VIRTUAL_OBJECT",
  type: "EXCLUSIVE",
};
const order: HandlerView = { ...echo, service: "a", serviceType: "WORKFLOW", type: "WORKFLOW" };
const views = [echo, cart, { ...cart, type: "SHARED" as const }, order, order, order];

export const restateTarget: Target = {
  name: "restate",
  share: 3,
  run(random, show) {
    const talk = new Talk(random);
    const sent = Array.from({ length: random.between(1, 12) }, () => talk.message());
    const whole = Uint8Array.from(Buffer.concat(sent.map(encodeFrame)));
    const bytes = random.chance(0.5) ? whole : mutateBytes(random, whole);
    show(bytes);
    return new Invocation(random.pick(views)).take(random, bytes);
  },
};

class Invocation {
  readonly #run = runMachine.initial();
  readonly #events: RunEvent[] = [];
  readonly #context: ProjectionContext;
  readonly #state: JournalState;
  readonly #asked: Message[] = [];

  constructor(handler: HandlerView) {
    const { service, name, serviceType, type } = handler;
    const key = { namespace: "n", kind: `object:${service}`, id: "k" };
    const spec = {
      runId: home,
      namespace: "n",
      workflow: `${service}.${name}`,
      queue: "restate",
      input: { encoding: "json", data: new Uint8Array(0) },
      ...(serviceType === "SERVICE" ? {} : { key }),
      ...(type === "SHARED" ? { mode: "shared" as const } : {}),
    };
    const resolve = (asked: string, named: string) =>
      named === name ? views.find((view) => view.service === asked) : undefined;
    this.#context = { spec, handler, namespace: "n", resolve };
    this.#tell({ type: "run.start", spec });
    this.#state = entriesOf(this.#events, this.#context).state;
  }

  take(random: Random, bytes: Uint8Array): Verdict {
    const reader = new FrameReader();
    const half = random.between(0, bytes.length);
    for (const chunk of [bytes.subarray(0, half), bytes.subarray(half)]) {
      for (const message of reader.push(chunk)) {
        const code = this.#message(message);
        if (code !== undefined) {
          this.#compare();
          return { type: "refused", code };
        }
      }
    }
    reader.end();
    this.#compare();
    return accepted;
  }

  /** The number of a refusal. */
  #message(message: Message): string | undefined {
    const asked = commandsOf(message, this.#state);
    if (asked.refusal !== undefined) {
      if (asked.refusal.text === "") throw new Error("a refusal without words");
      return asked.refusal.code;
    }
    if (asked.commands.length > 0 || message.type === "run") this.#asked.push(message);
    this.#answer(asked.commands);
    if (message.type === "suspension") {
      const { commands, awaited } = suspensionOf(message, this.#state, this.#run.seq);
      this.#answer(commands);
      isResolved(awaited, this.#state);
    }
    return undefined;
  }

  #answer(commands: readonly Command[]): void {
    this.#tell({ type: "run.answer", answer: { commands } });
    if (this.#run.paused) throw new Error(`the kernel paused: ${this.#run.paused.message}`);
    for (const command of commands) {
      if (command.type !== "state.read") continue;
      const { key, ordinal } = command;
      this.#tell({ type: "state.value", key, ordinal });
    }
  }

  #tell(message: RunMessage): void {
    this.#events.push(...decide(runMachine, this.#run, message, 1_700_000_000_000).events);
  }

  /** The journal tells the same commands, but for runs that left nothing in it. */
  #compare(): void {
    const isLost = (message: Message) => {
      const run = message.type === "run" && this.#state.runs.get(message.completionId);
      return run !== false && run?.isMarked === false && !run.isProposed;
    };
    const expected = this.#asked.filter(
      (message) => message.type !== "proposeRunCompletion" && !isLost(message),
    );
    const { messages } = entriesOf(this.#events, this.#context);
    const told = messages.filter(({ type }) => type !== "completion" && type !== "signal").slice(1);
    if (bytesOf(told) === bytesOf(expected)) return;
    throw new Error(`the journal tells ${inspect(told)} of ${inspect(expected)}`);
  }
}

function bytesOf(messages: readonly Message[]): string {
  return Buffer.concat(messages.map(encodeFrame)).toString("hex");
}
