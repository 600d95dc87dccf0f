import { group, type CommandOf } from "../../command.ts";
import { publish } from "./publish.ts";

export const events: CommandOf = group("events", "the event bus", [publish]);
