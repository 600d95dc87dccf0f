/** Registers that several read, write and swap at a time: each is linearizable. */
import { linearizability, type Operation } from "../checkers/linearizability.ts";
import { register, type RegisterInput, type RegisterOutput } from "../checkers/register.ts";
import type { Answer, Caller } from "./caller.ts";
import { cell, operate } from "./definitions.ts";
import type { Workload } from "./workload.ts";

/** A history is to be short enough to be checked; then comes the next register. */
const OPERATIONS = 60;
const VALUES = 4;
/** Of operations that are asked for by way of a run. */
const BY_RUN = 0.5;

type Step = Operation<RegisterInput, RegisterOutput>;

export class Registers implements Workload {
  readonly name = "registers";
  readonly #histories = new Map<string, Step[]>();
  #serial = 0;

  async lane(caller: Caller, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const serial = ++this.#serial;
      const key = `cell-${Math.floor(serial / OPERATIONS)}`;
      await this.#operate(caller, key, inputOf(caller), `operate-${serial}`);
    }
  }

  async judge(caller: Caller): Promise<readonly string[]> {
    const complaints: string[] = [];
    for (const [key, history] of this.#histories) {
      const calledAt = caller.now();
      const input = { type: "read" } as const;
      const answer = await caller.until((perdure) => perdure.object(cell, key).apply(input));
      history.push({ input, calledAt, answer });
      complaints.push(...linearizability(register, history).map((text) => `${key}: ${text}`));
    }
    return complaints;
  }

  size(): number {
    return [...this.#histories.values()].reduce((sum, { length }) => sum + length, 0);
  }

  async #operate(caller: Caller, key: string, input: RegisterInput, id: string): Promise<void> {
    const history = this.#histories.get(key) ?? [];
    this.#histories.set(key, history);
    const calledAt = caller.now();
    const answer = caller.random.chance(BY_RUN)
      ? await byRun(caller, key, input, id)
      : await caller.once((perdure) => perdure.object(cell, key).apply(input));
    history.push({ input, calledAt, ...(answer === undefined ? {} : { answer }) });
  }
}

/** Asked for until it is answered. */
async function byRun(
  caller: Caller,
  key: string,
  input: RegisterInput,
  requestId: string,
): Promise<Answer<RegisterOutput>> {
  return caller.until(async (perdure) => {
    const run = await perdure.start(operate, { requestId, input: { key, input } });
    return run.result();
  });
}

function inputOf({ random }: Caller): RegisterInput {
  const value = (): number => random.between(0, VALUES);
  switch (random.between(0, 2)) {
    case 0:
      return { type: "read" };
    case 1:
      return { type: "write", value: value() };
    default:
      return { type: "swap", from: value(), to: value() };
  }
}
