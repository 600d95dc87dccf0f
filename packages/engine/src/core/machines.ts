/** The four machines, seen alike: the shell does not care which one decides. */
import {
  keyMachine,
  machineOf,
  runMachine,
  scheduleMachine,
  topicMachine,
  type Calendar,
  type Machine,
  type MachineKind,
  type Message,
  type Position,
  type StreamId,
} from "@perdure/kernel";
import type { EventBody } from "@perdure/store";

export type AnyMachine = Machine<Position, Message, EventBody>;
export type Machines = Readonly<Record<MachineKind, AnyMachine>>;

/** A stream's name says which machine's messages it takes, which the compiler cannot see. */
export function machinesWith(calendar: Calendar): Machines {
  return {
    run: runMachine,
    key: keyMachine,
    topic: topicMachine,
    schedule: scheduleMachine(calendar),
  };
}

export function machineFor(machines: Machines, stream: StreamId): AnyMachine {
  return machines[machineOf(stream)];
}
