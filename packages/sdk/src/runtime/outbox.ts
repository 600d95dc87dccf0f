/**
 * Commands on their way, in the order the code asked (F3), and whose event is to come back.
 */
import { limits, type ActivationAnswer, type Command } from "@perdure/kernel";
import { FewMap } from "./few-map.ts";

export interface CommandOptions {
  /** It may wait until something else is said. */
  readonly isLazy?: boolean;
  /** The key under which its event comes back and wakes the fiber. */
  readonly echo?: string;
}

export class Outbox {
  #commands: Command[] = [];
  #isUrgent = false;
  readonly #echoes = new FewMap<true>();

  add(command: Command, { isLazy = false, echo }: CommandOptions): void {
    if (this.#commands.length === 0) this.#commands = [command];
    else this.#commands.push(command);
    if (!isLazy) this.#isUrgent = true;
    if (echo !== undefined) this.#echoes.set(echo, true);
  }

  /** An event of this key has come back. */
  heard(key: string): void {
    this.#echoes.delete(key);
  }

  get awaitsEcho(): boolean {
    return !this.#echoes.isEmpty;
  }

  /** Is there anything to say now? When the code waits, also what is lazy. */
  hasNews(isParked: boolean): boolean {
    return this.#commands.length > 0 && (this.#isUrgent || isParked);
  }

  clear(): void {
    this.#commands = [];
    this.#isUrgent = false;
  }

  /** Everything, in as many answers as their limit asks for; the last one says `through`. */
  empty(through?: number): readonly ActivationAnswer[] {
    let commands = this.#commands;
    this.clear();
    if (commands.length <= limits.answerCommands) return [answerOf(commands, through)];
    const answers: ActivationAnswer[] = [];
    while (commands.length > limits.answerCommands) {
      answers.push({ commands: commands.slice(0, limits.answerCommands) });
      commands = commands.slice(limits.answerCommands);
    }
    answers.push(answerOf(commands, through));
    return answers;
  }
}

function answerOf(commands: readonly Command[], through: number | undefined): ActivationAnswer {
  return through === undefined ? { commands } : { commands, through };
}
