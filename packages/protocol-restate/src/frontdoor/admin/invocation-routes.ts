/** `/invocations/{id}/…`: what people do to invocations. */
import type { Hono } from "hono";
import { PerdureError } from "@perdure/kernel";
import type { AdminEnv } from "./parts.ts";
import { done, json, Refused } from "./answers.ts";
import {
  cancelInvocation,
  killInvocation,
  pauseInvocation,
  purgeInvocation,
} from "./invocations/control.ts";
import { restartInvocation } from "./invocations/restart.ts";
import { resumeInvocation } from "./invocations/resume.ts";

export function invocationRoutes(app: Hono<AdminEnv>): void {
  app.patch("/invocations/:id/cancel", async ({ req, env: { desk } }) =>
    done(await cancelInvocation(desk, req.param("id"))),
  );
  app.patch("/invocations/:id/kill", async ({ req, env: { desk } }) =>
    done(await killInvocation(desk, req.param("id"))),
  );
  app.patch("/invocations/:id/pause", async ({ req, env: { desk } }) =>
    done(await pauseInvocation(desk, req.param("id"))),
  );
  app.patch("/invocations/:id/resume", async ({ req, env: { desk } }) => {
    await resumeInvocation(desk, req.param("id"), req.query("deployment"));
    return done();
  });
  app.patch("/invocations/:id/purge", async ({ req, env: { desk } }) => {
    await purgeInvocation(desk, req.param("id"));
    return done();
  });
  app.patch("/invocations/:id/purge-journal", () => {
    const text = "An invocation's journal and its result are one here: purge both, with /purge.";
    throw new Refused(501, text);
  });
  app.patch("/invocations/:id/restart-as-new", async ({ req, env: { desk } }) => {
    const from = req.query("from");
    const deployment = req.query("deployment");
    const id = await restartInvocation(desk, req.param("id"), {
      ...(from === undefined ? {} : { from: indexIn(from) }),
      ...(deployment === undefined ? {} : { deployment }),
    });
    return json({ new_invocation_id: id });
  });

  // The form of before 1.2, which tools still send.
  app.delete("/invocations/:id", async ({ req, env: { desk } }) => {
    const id = req.param("id");
    const mode = (req.query("mode") ?? "cancel").toLowerCase();
    if (mode === "cancel") await cancelInvocation(desk, id);
    else if (mode === "kill") await killInvocation(desk, id);
    else if (mode === "purge") await purgeInvocation(desk, id);
    else throw new PerdureError("invalid-argument", "`mode` is one of cancel, kill and purge.");
    return done(202);
  });
}

function indexIn(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const message = "`from` is the index of an entry of the journal: 0, 1, 2 …";
  throw new PerdureError("invalid-argument", message);
}
