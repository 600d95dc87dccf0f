/** A worker's process: the code of `definitions.ts` on a server, and its probe over IPC. */
import { connect } from "perdure";
import { code, probe } from "./definitions.ts";
import type { Ask, Telling } from "./remote-probe.ts";

const [url = "", runSlots = "10000"] = process.argv.slice(2);

function tell(telling: Telling): void {
  if (process.connected) process.send?.(telling);
}

/** Gathered and told once a turn: a message for each run would be a load of its own. */
let waiting: string[] = [];
probe.onWaiting((runId) => {
  if (waiting.push(runId) > 1) return;
  setImmediate(() => {
    tell({ waiting });
    waiting = [];
  });
});

process.on("message", (ask: Ask) => {
  void answer(ask).then((value) => tell({ answers: ask.id, value }));
});

async function answer({ verb, argument }: Ask): Promise<unknown> {
  switch (verb) {
    case "take":
      return probe.take();
    case "jobsDone":
      return probe.jobsDone(argument);
    case "goTo":
      return probe.goTo(argument);
    case "letGo":
      return probe.letGo();
    case "leave":
      // Its answer is the end of the process.
      await perdure.close();
      return process.disconnect();
  }
}

const perdure = await connect(url, { ...code, worker: { runSlots: Number(runSlots) } });
tell({ answers: 0 });
