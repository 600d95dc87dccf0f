/** Schedules and triggers that come, start a few runs, and go. */
import type { ScheduleSpec } from "@perdure/kernel";
import { colors, events } from "../programs/generate.ts";
import { namespace, queue } from "../programs/place.ts";
import type { Prng } from "../world/prng.ts";
import { payloadOf } from "./payloads.ts";
import type { Deed, Visit } from "./visit.ts";

export class Planners {
  readonly #visit: Visit;

  constructor(visit: Visit) {
    this.#visit = visit;
  }

  readonly schedule: Deed = async (prng, id) => {
    const { process } = this.#visit.caller;
    await this.#visit.ask((client) => client.putSchedule(scheduleFor(prng, id)));
    await process.sleep(prng.between(100, 4_000));
    if (prng.chance(0.3)) {
      await this.#visit.ask((client) => client.triggerSchedule(namespace, id));
    }
    if (prng.chance(0.3)) {
      await this.#visit.ask((client) => client.pauseSchedule(namespace, id, "for a while"));
      await process.sleep(prng.between(100, 1_000));
      await this.#visit.ask((client) => client.resumeSchedule(namespace, id));
    }
    if (prng.chance(0.2)) {
      const now = process.now();
      await this.#visit.ask((client) => client.backfillSchedule(namespace, id, now - 3_000, now));
    }
    await process.sleep(prng.between(100, 2_000));
    await this.#visit.ask((client) => client.deleteSchedule(namespace, id));
  };

  /** For a while an event starts runs. */
  readonly trigger: Deed = async (prng, id) => {
    const event = prng.pick(events);
    const match = prng.chance(0.5) ? { match: { color: prng.pick(colors) } } : {};
    const trigger = { id, ...match, workflow: "tick", queue };
    await this.#visit.ask((client) => client.setTrigger(namespace, event, trigger));
    await this.#visit.caller.process.sleep(prng.between(500, 5_000));
    await this.#visit.ask((client) => client.removeTrigger(namespace, event, id));
  };
}

const overlaps = [
  "skip",
  "bufferOne",
  "bufferAll",
  "cancelOther",
  "terminateOther",
  "allowAll",
] as const;

function scheduleFor(prng: Prng, id: string): ScheduleSpec {
  return {
    namespace,
    id,
    when: [{ type: "interval", everyMs: prng.pick([1_000, 2_000]) }],
    policy: {
      overlap: prng.pick(overlaps),
      catchUpMs: prng.pick([0, 10_000]),
      jitterMs: prng.pick([0, 50]),
      pauseOnFailure: prng.chance(0.3),
    },
    remaining: prng.between(1, 5),
    workflow: "tick",
    queue,
    input: payloadOf({ ms: prng.pick([0, 300, 2_500, 5_000]), fails: prng.chance(0.2) }),
  };
}
