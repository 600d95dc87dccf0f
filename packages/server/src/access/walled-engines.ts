/**
 * The engine from within a namespace, as each caller has it. It is made once for those who come
 * back: it has a function for every verb, which would cost more than a small call itself.
 */
import { within, type Engine, type EngineClient, type Within } from "@perdure/engine";

/** The one that was made first gives way; it is made again when its caller comes back. */
export const WALLS_KEPT = 1_000;

export function walledEngines(engine: Engine): (who: Within) => EngineClient {
  const walls = new Map<string, EngineClient>();
  return ({ namespace, by }) => {
    const who = by === undefined ? { namespace } : { namespace, by };
    const name = JSON.stringify([namespace, by]);
    const known = walls.get(name);
    if (known !== undefined) return known;
    const wall = within(engine, who);
    walls.set(name, wall);
    if (walls.size > WALLS_KEPT) {
      for (const oldest of walls.keys()) {
        walls.delete(oldest);
        break;
      }
    }
    return wall;
  };
}
