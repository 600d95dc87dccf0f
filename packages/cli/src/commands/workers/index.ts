import { group, type CommandOf } from "../../command.ts";
import { list } from "./list.ts";
import { versions } from "./versions.ts";

export const workers: CommandOf = group("workers", "who runs code, and in which version", [
  list,
  versions,
]);
