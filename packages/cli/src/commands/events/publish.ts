import type { JsonObject, Payload } from "@perdure/kernel";
import { parseJson, payloadToJson } from "@perdure/wire";
import { Command } from "commander";
import { objectArgument, payloadArgument } from "../../arguments.ts";
import { examples, type CommandOf } from "../../command.ts";
import { done } from "../../runs/done.ts";

interface Options {
  readonly id?: string;
  readonly data?: string;
}

export const publish: CommandOf = (choose) =>
  new Command("publish")
    .description("publish an event: it starts what it triggers and resumes what waits for it")
    .argument("<event>", "the event's name")
    .argument("[json]", "its payload: JSON, @file, or - for standard input")
    .option("--id <id>", "a second event with this id is dropped")
    .option("--data <json>", "the part that matches read (default: the payload)")
    .addHelpText("after", examples(`perdure events publish paid '{"order":"7"}' --id payment-19`))
    .action((event: string, json: string | undefined, { id, data }: Options) =>
      choose(async (context) => {
        const payload = await payloadArgument(context, json, `the event "${event}"`);
        const match =
          data === undefined ? dataOf(payload) : await objectArgument(context, data, "--data");
        const engine = await context.engine();
        await engine.publish(context.namespace, event, {
          payload,
          ...(id === undefined ? {} : { id }),
          ...(match === undefined ? {} : { data: match }),
        });
        done(context, `The event "${event}" is published.`, { event });
      }),
    );

/** Matches read an object's fields; any other payload has none. */
function dataOf(payload: Payload): JsonObject | undefined {
  const json = payloadToJson(payload);
  if (!("text" in json) || json.text === "") return undefined;
  const value = parseJson(json.text, "the payload");
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}
