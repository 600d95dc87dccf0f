import * as restate from "@restatedev/restate-sdk";
import { mark } from "./ledger.ts";
import { named, objectOptions } from "./settings.ts";

export const blockAndWait = restate.workflow({
  name: named("BlockAndWait"),
  options: objectOptions,
  handlers: {
    run: async (ctx: restate.WorkflowContext, input: string): Promise<string> => {
      ctx.set("input", input);
      await ctx.run("count", () => mark(`workflow ${ctx.key}`));
      const output = await ctx.promise<string>("word");
      if ((await ctx.promise<string>("word").peek()) === undefined) {
        throw new restate.TerminalError("a promise that was kept is settled");
      }
      return `${input} ${output}`;
    },
    unblock: async (ctx: restate.WorkflowSharedContext, output: string): Promise<void> =>
      ctx.promise<string>("word").resolve(output),
    fail: async (ctx: restate.WorkflowSharedContext, reason: string): Promise<void> =>
      ctx.promise<string>("word").reject(reason),
    peek: async (ctx: restate.WorkflowSharedContext): Promise<string | null> =>
      (await ctx.promise<string>("word").peek()) ?? null,
    /** Waits where the run waits. */
    wait: async (ctx: restate.WorkflowSharedContext): Promise<string> =>
      ctx.promise<string>("word"),
    input: async (ctx: restate.WorkflowSharedContext): Promise<string | null> =>
      ctx.get<string>("input"),
  },
});

export const failingWorkflow = restate.workflow({
  name: named("FailingWorkflow"),
  options: objectOptions,
  handlers: {
    run: async (_ctx: restate.WorkflowContext, reason: string): Promise<string> => {
      throw new restate.TerminalError(reason, { errorCode: 422 });
    },
  },
});

/** Calls, sends and attaches to a workflow, as another handler does. */
export const workflowCaller = restate.service({
  name: named("WorkflowCaller"),
  options: {},
  handlers: {
    call: async (ctx: restate.Context, key: string): Promise<string> => {
      const workflow = ctx.workflowClient<typeof blockAndWait>(blockAndWait, key);
      const run = workflow.run("called");
      await ctx.sleep(20);
      await workflow.unblock("by the caller");
      return run;
    },
    sendAndAttach: async (ctx: restate.Context, key: string): Promise<string[]> => {
      const sent = ctx.workflowSendClient<typeof blockAndWait>(blockAndWait, key).run("sent");
      const id = await sent.invocationId;
      const again = ctx.workflowSendClient<typeof blockAndWait>(blockAndWait, key).run("again");
      await ctx.workflowClient<typeof blockAndWait>(blockAndWait, key).unblock("later");
      return [await ctx.invocation(id).attach<string>(), id, await again.invocationId];
    },
  },
});
