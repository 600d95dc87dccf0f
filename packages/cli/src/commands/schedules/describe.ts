import type { ScheduleView } from "@perdure/kernel";
import { Command } from "commander";
import { examples, type CommandOf } from "../../command.ts";
import type { Context } from "../../context.ts";
import { timesText } from "../../schedules/times.ts";
import { preview } from "../../terminal/preview.ts";
import { bold, cut, dim, green, yellow, type Text } from "../../terminal/text.ts";
import { relative, second, span } from "../../terminal/time.ts";

export const describe: CommandOf = (choose) =>
  new Command("describe")
    .description("one schedule: its times, its policy, its last runs")
    .argument("<schedule>", "its id")
    .addHelpText("after", examples("perdure schedules describe nightly"))
    .action((id: string) =>
      choose(async (context) => {
        const engine = await context.engine();
        const view = await engine.describeSchedule(context.namespace, id);
        if (context.json) context.out.json(view);
        else context.out.lines(scheduleLines(view, context));
      }),
    );

function scheduleLines(view: ScheduleView, { now, width }: Context): Text[] {
  const { spec, paused, note, next, recent, running, buffered, remaining, starts, skips } = view;
  const { overlap, catchUpMs, jitterMs, pauseOnFailure } = spec.policy;
  const at = now();
  const when = (ms: number): string => `${second(ms)} (${relative(ms, at)})`;
  const facts: [string, Text | undefined][] = [
    ["workflow", `${spec.workflow}, queue ${spec.queue}`],
    ["when", timesText(spec)],
    ["input", preview(spec.input) || undefined],
    [
      "policy",
      `overlap ${overlap}, catch-up ${span(catchUpMs)}` +
        (jitterMs > 0 ? `, jitter ${span(jitterMs)}` : "") +
        (pauseOnFailure ? ", pauses on failure" : ""),
    ],
    ["note", note],
    ["starts", `${starts}${remaining === undefined ? "" : `, ${remaining} left`}`],
    ["skipped", skipText(skips)],
    ["waiting", buffered.length > 0 ? buffered.map((ms) => second(ms)).join(", ") : undefined],
  ];
  return [
    [bold(spec.id), "  ", paused ? yellow("paused") : green("active")],
    ...facts.flatMap(([name, value]) => (value === undefined ? [] : [line(name, value, width)])),
    ...next.slice(0, 3).map((ms, index) => line(index === 0 ? "next" : "", when(ms), width)),
    ...running.map(({ runId }, index) => line(index === 0 ? "open" : "", runId, width)),
    ...recent
      .toReversed()
      .slice(0, 5)
      .map(({ runId, startedAt, manual }, index) =>
        line(
          index === 0 ? "last" : "",
          `${runId}  ${when(startedAt)}${manual ? ", by hand" : ""}`,
          width,
        ),
      ),
  ];
}

function line(name: string, value: Text, width: number): Text {
  return cut([dim(name.padEnd(10)), value], width);
}

function skipText(skips: ScheduleView["skips"]): string | undefined {
  const some = Object.entries(skips).filter(([, count]) => count > 0);
  if (some.length === 0) return undefined;
  return some.map(([reason, count]) => `${count} (${reason})`).join(", ");
}
