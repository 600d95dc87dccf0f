/** A trace that keeps nothing: millions of schedules are run, and few are looked at. */
import { Trace } from "../world/trace.ts";
import { Lane } from "./lane.ts";

export class QuietTrace extends Trace {
  constructor() {
    super(new Lane(), 0);
  }

  override note(): void {
    // Nobody reads it.
  }
}
