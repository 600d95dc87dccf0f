import { group, type CommandOf } from "../../command.ts";
import { cancel } from "./cancel.ts";
import { count } from "./count.ts";
import { list } from "./list.ts";
import { pause } from "./pause.ts";
import { purge } from "./purge.ts";
import { query } from "./query.ts";
import { reject } from "./reject.ts";
import { repin } from "./repin.ts";
import { resolve } from "./resolve.ts";
import { resume } from "./resume.ts";
import { show } from "./show.ts";
import { signal } from "./signal.ts";
import { start } from "./start.ts";
import { terminate } from "./terminate.ts";
import { update } from "./update.ts";
import { watch } from "./watch.ts";

export const runs: CommandOf = group("runs", "see runs and steer them", [
  list,
  show,
  watch,
  count,
  start,
  signal,
  query,
  update,
  resolve,
  reject,
  cancel,
  terminate,
  pause,
  resume,
  repin,
  purge,
]);
