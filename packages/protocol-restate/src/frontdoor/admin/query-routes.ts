/** `/query`: SQL. */
import type { Hono } from "hono";
import { z } from "zod";
import type { AdminEnv } from "./parts.ts";
import { bodyOf } from "./answers.ts";
import { arrowAnswer } from "./sql/answer-arrow.ts";
import { jsonAnswer } from "./sql/answer-json.ts";
import { answerQuery } from "./sql/query.ts";
import type { SqlRunner } from "./sql/sql-runner.ts";

const question = z.object({ query: z.string() });

export function queryRoutes(app: Hono<AdminEnv>, runner: SqlRunner): void {
  app.post("/query", async ({ req, env: { desk } }) => {
    const { query } = await bodyOf(req.raw, question);
    const answer = await answerQuery(desk, runner, query);
    if (req.header("accept")?.includes("application/json") === true) {
      return new Response(jsonAnswer(answer), { headers: { "content-type": "application/json" } });
    }
    return new Response(Buffer.from(arrowAnswer(answer)), {
      headers: { "content-type": "application/vnd.apache.arrow.stream" },
    });
  });
}
