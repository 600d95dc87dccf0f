/** Asks a model over the OpenAI API, once: trying again is the engine's business. */
import OpenAI, { APIError } from "openai";
import { PermanentError, RetryAfterError } from "perdure";

export type Message = OpenAI.Chat.ChatCompletionMessageParam;
export type Reply = OpenAI.Chat.ChatCompletionMessage;
type Tools = OpenAI.Chat.ChatCompletionFunctionTool[];

const CLIENT_TIMEOUT_MS = 60_000;

export interface ModelOptions {
  readonly apiKey: string;
  readonly baseURL: string | undefined;
  readonly model: string;
}

export class Model {
  readonly #client: OpenAI;
  readonly #model: string;

  constructor({ apiKey, baseURL, model }: ModelOptions) {
    this.#client = new OpenAI({ apiKey, baseURL, maxRetries: 0, timeout: CLIENT_TIMEOUT_MS });
    this.#model = model;
  }

  async reply(
    messages: Message[],
    tools: Tools,
    step: { readonly idempotencyKey: string; readonly signal: AbortSignal },
  ): Promise<Reply> {
    try {
      const { idempotencyKey, signal } = step;
      const body = { model: this.#model, messages, tools };
      const completion = await this.#client.chat.completions.create(body, {
        idempotencyKey,
        signal,
      });
      const message = completion.choices[0]?.message;
      if (message === undefined) throw new Error("the model answered without a choice");
      return message;
    } catch (error) {
      throw failureOf(error);
    }
  }
}

/** 429 says when to come back; another 4xx will be the same for ever; the rest may pass. */
function failureOf(error: unknown): unknown {
  if (!(error instanceof APIError)) return error;
  const { status, message, headers } = error as APIError;
  if (status === undefined) return error;
  const seconds = Number(headers?.get("retry-after"));
  if (status === 429 && seconds > 0) return new RetryAfterError(message, seconds * 1000);
  const isForGood = status >= 400 && status < 500 && ![408, 409, 429].includes(status);
  return isForGood ? new PermanentError(message, { code: error.code ?? "model_refused" }) : error;
}
