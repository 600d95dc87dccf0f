import { group, type CommandOf } from "../../command.ts";
import { create } from "./create.ts";
import { generate } from "./generate.ts";
import { list } from "./list.ts";
import { revoke } from "./revoke.ts";
import { rotate } from "./rotate.ts";

export const keys: CommandOf = group("keys", "a server's API keys", [
  list,
  create,
  rotate,
  revoke,
  generate,
]);
