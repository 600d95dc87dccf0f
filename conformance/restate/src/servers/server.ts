/** A server that is under test, whoever made it. */
import type { Against } from "../mode.ts";

export interface ServerUnderTest {
  readonly against: Against;
  readonly ingressUrl: string;
  readonly adminUrl: string;
  /** Starts it, or starts it again on the same store and ports, and waits until it takes requests. */
  start(): Promise<void>;
  /** As a crash of its machine's process: at once. */
  kill(): Promise<void>;
  /** In good order. */
  stop(): Promise<void>;
  /** What it printed, for a report of a failure. */
  log(): string;
}

export interface ServerOptions {
  /** Empty and its own. */
  readonly folder: string;
  /** A PEM file with the private key that signs requests to services. */
  readonly identityKeyFile?: string;
}
