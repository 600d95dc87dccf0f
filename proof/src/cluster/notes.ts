/** Signals to long-lived runs, each under an id and sent at least twice. */
import { signals, type SentSignal } from "../checkers/signals.ts";
import type { Caller } from "./caller.ts";
import { inbox, STOP } from "./definitions.ts";
import type { Workload } from "./workload.ts";

const INBOXES = 3;

export class Notes implements Workload {
  readonly name = "notes";
  readonly #sent: readonly SentSignal[][] = Array.from({ length: INBOXES }, () => []);
  #lanes = 0;

  async lane(caller: Caller, isOver: () => boolean): Promise<void> {
    const sender = `sender-${++this.#lanes}`;
    for (let serial = 1; !isOver(); serial++) {
      const n = caller.random.between(0, INBOXES - 1);
      const id = `${sender}/${serial}`;
      // Where it was never answered it may still arrive.
      const answers = [
        await caller.once((perdure) => send(perdure, n, id)),
        await caller.once((perdure) => send(perdure, n, id)),
      ];
      const isAcknowledged = answers.some((answer) => answer !== undefined);
      this.#sent[n]?.push({ id, sender, isAcknowledged });
    }
  }

  async judge(caller: Caller): Promise<readonly string[]> {
    const complaints: string[] = [];
    for (const [n, sent] of this.#sent.entries()) {
      await caller.until(async (perdure) => {
        await start(perdure, n);
        await perdure.signal({ id: nameOf(n) }, "note", STOP, { id: STOP });
      });
      const { output: received } = await caller.until(async (perdure) => {
        return (await start(perdure, n)).result();
      });
      complaints.push(...signals(sent, received).map((text) => `${nameOf(n)}: ${text}`));
    }
    return complaints;
  }

  size(): number {
    return this.#sent.reduce((sum, { length }) => sum + length, 0);
  }
}

type Perdure = Parameters<Parameters<Caller["once"]>[0]>[0];

/** The one inbox of that number, running or closed. */
function start(perdure: Perdure, n: number) {
  const id = nameOf(n);
  return perdure.start(inbox, { id, requestId: id });
}

async function send(perdure: Perdure, n: number, id: string): Promise<void> {
  await start(perdure, n);
  await perdure.signal({ id: nameOf(n) }, "note", id, { id });
}

function nameOf(n: number): string {
  return `inbox-${n}`;
}
