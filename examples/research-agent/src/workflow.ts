/** An agent: the model chooses each step, the journal keeps what was chosen and what came of it. */
import { workflow } from "perdure";
import { z } from "zod";
import type { Message, Model } from "./model.ts";
import type { Toolbox } from "./tools/toolbox.ts";

export interface Services {
  readonly model: Model;
  readonly toolbox: Toolbox;
  /** Shows the report to a person, who answers with the signal `review`. */
  readonly askReviewer: (report: string) => void;
  readonly publish: (report: string) => void;
  /** Told of everything that is really done; what is replayed from the journal is not done. */
  readonly did: (what: string, text: string) => Promise<void>;
}

export const Review = z.strictObject({ publish: z.boolean(), by: z.string().max(80) });
const Question = z.strictObject({ question: z.string().min(1).max(1000) });

const TURN_LIMIT = 20;
const nobody = { publish: false, by: "nobody" };
const instructions = `You answer questions from an archive. Search it, calculate what must be
calculated, note what you find, and end with a short report that names the files it rests on.`;

export function researchWorkflow({ model, toolbox, askReviewer, publish, did }: Services) {
  const definition = {
    name: "research",
    input: Question,
    signals: { review: Review },
    retry: { initialMs: 200, maxIntervalMs: 10_000, maxAttempts: 8 },
  };

  return workflow(definition, async (ctx, { question }) => {
    const messages: Message[] = [
      { role: "system", content: instructions },
      { role: "user", content: question },
    ];
    let report: string | undefined;

    for (let turn = 1; report === undefined; turn++) {
      if (turn > TURN_LIMIT) throw new Error(`no report after ${TURN_LIMIT} turns`);
      const reply = await ctx.step("model", async (step) => {
        const said = await model.reply(messages, toolbox.definitions(), step);
        await did("model", `model, attempt ${step.attempt}: ${said.content ?? "uses tools"}`);
        return said;
      });
      messages.push(reply);

      const calls = (reply.tool_calls ?? []).filter((call) => call.type === "function");
      if (calls.length === 0) report = reply.content ?? "";
      const runs = calls.map(({ id, function: call }) =>
        ctx.step(toolbox.stepName(call), async ({ idempotencyKey, maybeRan }) => {
          const content = toolbox.run(call, idempotencyKey);
          const again = maybeRan ? "may have run before; " : "";
          await did(call.name, `  ${call.name} ${call.arguments}\n    ${again}${clip(content)}`);
          return { role: "tool" as const, tool_call_id: id, content };
        }),
      );
      messages.push(...(await Promise.all(runs)));
    }

    const final = report;
    await ctx.step("ask-reviewer", () => askReviewer(final));
    const review = await ctx.waitFor("review", { timeout: "1h", onTimeout: nobody });
    if (review.publish) {
      await ctx.step("publish", async () => {
        publish(final);
        await did("publish", "published the report");
      });
    }
    return { published: review.publish, by: review.by, report };
  });
}

const clip = (text: string): string => (text.length > 90 ? `${text.slice(0, 89)}…` : text);
