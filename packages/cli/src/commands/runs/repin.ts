import { Command } from "commander";
import { examples, type CommandOf } from "../../command.ts";
import { done } from "../../runs/done.ts";
import { runIdOf, withKey, withRun, type KeyOptions } from "../../runs/target.ts";

type Text = string | undefined;

export const repin: CommandOf = (choose) =>
  withKey(new Command("repin").description("let a run go on with another version of its code"))
    .usage("<run> [version] [options]")
    .argument("[run]", "a run id, or the start of one; not with --key")
    .argument("[version]", "the version to pin it to (default: none, any worker may have it)")
    .addHelpText("after", examples("perdure runs repin 0193e1a2-77b1 2026-11-26"))
    .action((first: Text, second: Text, options: KeyOptions) => {
      const [run, version] = withRun(options, [first, second]);
      choose(async (context) => {
        const runId = await runIdOf(context, run, options);
        await (await context.engine()).repin(runId, version);
        const text = version === undefined ? "any version" : `version ${version}`;
        done(context, `${runId} goes on with ${text}.`, {
          runId,
          ...(version === undefined ? {} : { version }),
        });
      });
    });
