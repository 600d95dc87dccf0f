/** Lists that several append to and read. */
import { listAppend, type ListAppend, type ListRead } from "../checkers/list-append.ts";
import type { Caller } from "./caller.ts";
import { list } from "./definitions.ts";
import type { Workload } from "./workload.ts";

const LISTS = 3;

interface History {
  readonly appends: ListAppend[];
  readonly reads: ListRead[];
}

export class Lists implements Workload {
  readonly name = "lists";
  readonly #histories: readonly History[] = Array.from({ length: LISTS }, () => ({
    appends: [],
    reads: [],
  }));
  #serial = 0;

  async lane(caller: Caller, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const n = caller.random.between(0, LISTS - 1);
      await (caller.random.chance(0.5) ? this.#append(caller, n) : this.#read(caller, n));
    }
  }

  async judge(caller: Caller): Promise<readonly string[]> {
    const complaints: string[] = [];
    for (const [n, history] of this.#histories.entries()) {
      const { output: final } = await caller.until((perdure) => {
        return perdure.object(list, nameOf(n)).read();
      });
      const wrong = listAppend({ ...history, final });
      complaints.push(...wrong.map((text) => `${nameOf(n)}: ${text}`));
    }
    return complaints;
  }

  size(): number {
    return this.#histories.reduce(
      (sum, { appends, reads }) => sum + appends.length + reads.length,
      0,
    );
  }

  async #append(caller: Caller, n: number): Promise<void> {
    const element = `e${++this.#serial}`;
    const calledAt = caller.now();
    const answer = await caller.once((perdure) => perdure.object(list, nameOf(n)).append(element));
    const answeredAt = answer === undefined ? {} : { answeredAt: answer.at };
    this.#histories[n]?.appends.push({ element, calledAt, ...answeredAt });
  }

  async #read(caller: Caller, n: number): Promise<void> {
    const calledAt = caller.now();
    const answer = await caller.once((perdure) => perdure.object(list, nameOf(n)).read());
    if (answer === undefined) return;
    const { at: answeredAt, output: elements } = answer;
    this.#histories[n]?.reads.push({ calledAt, answeredAt, elements });
  }
}

function nameOf(n: number): string {
  return `list-${n}`;
}
