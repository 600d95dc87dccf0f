import { group, type CommandOf } from "../../command.ts";
import { remove } from "./delete.ts";
import { list } from "./list.ts";
import { put } from "./put.ts";
import { rotate } from "./rotate.ts";

export const push: CommandOf = group("push", "apps that the server calls with work", [
  list,
  put,
  rotate,
  remove,
]);
