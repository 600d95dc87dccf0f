import { group, type CommandOf } from "../../command.ts";
import { backfill } from "./backfill.ts";
import { remove } from "./delete.ts";
import { describe } from "./describe.ts";
import { list } from "./list.ts";
import { pause } from "./pause.ts";
import { resume } from "./resume.ts";
import { trigger } from "./trigger.ts";
import { why } from "./why.ts";

export const schedules: CommandOf = group("schedules", "runs that the calendar starts", [
  list,
  describe,
  why,
  pause,
  resume,
  trigger,
  backfill,
  remove,
]);
