/**
 * The tools a model may call. What a model writes into a call is input from outside: it is checked
 * here, and a call that makes no sense gets an answer that says so, which the model can act on.
 */
import { z } from "zod";
import type { Corpus } from "../corpus.ts";
import { calculate } from "./calculator.ts";
import { Mistake } from "./mistake.ts";
import type { Notes } from "./notes.ts";

interface Tool {
  readonly description: string;
  readonly input: z.ZodType;
  run(argumentsJson: string, idempotencyKey: string): string;
}

export interface ToolCall {
  readonly name: string;
  /** JSON as the model wrote it. */
  readonly arguments: string;
}

export class Toolbox {
  readonly #tools: ReadonlyMap<string, Tool>;

  constructor(corpus: Corpus, notes: Notes) {
    this.#tools = new Map([
      [
        "search",
        tool("Searches the archive.", z.strictObject({ query: z.string().max(200) }), ({ query }) =>
          corpus.search(query),
        ),
      ],
      [
        "calculate",
        tool(
          "Works out numbers with + - * / and brackets.",
          z.strictObject({ expression: z.string() }),
          ({ expression }) => String(calculate(expression)),
        ),
      ],
      [
        "take_note",
        tool("Keeps a finding.", z.strictObject({ text: z.string().max(500) }), ({ text }, key) =>
          notes.take(key, text) ? "noted" : "noted before",
        ),
      ],
    ]);
  }

  /** In the form of the chat-completions API. */
  definitions() {
    return [...this.#tools].map(([name, { description, input }]) => ({
      type: "function" as const,
      function: { name, description, parameters: z.toJSONSchema(input) },
    }));
  }

  /** The tool's name, or `unknown-tool`: a step's name must not be the model's to invent. */
  stepName({ name }: ToolCall): string {
    return this.#tools.has(name) ? name : "unknown-tool";
  }

  run(call: ToolCall, idempotencyKey: string): string {
    const found = this.#tools.get(call.name);
    try {
      if (found === undefined) throw new Mistake(`there is no tool "${call.name.slice(0, 50)}"`);
      return found.run(call.arguments, idempotencyKey);
    } catch (error) {
      if (error instanceof Mistake) return `error: ${error.message}`;
      throw error;
    }
  }
}

function tool<Input>(
  description: string,
  input: z.ZodType<Input>,
  run: (input: Input, idempotencyKey: string) => string,
): Tool {
  return { description, input, run: (text, key) => run(read(input, text), key) };
}

function read<Input>(input: z.ZodType<Input>, text: string): Input {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Mistake("the arguments are not JSON");
  }
  const parsed = input.safeParse(value);
  if (!parsed.success) throw new Mistake(z.prettifyError(parsed.error));
  return parsed.data;
}
