/** What a command is given: somebody to ask, somewhere to write, and the facts of the terminal. */
import type { EngineClient } from "@perdure/engine";
import type { JsonObject } from "@perdure/kernel";
import type { ServerApi } from "./connect/server-api.ts";
import type { Output, Sink } from "./terminal/output.ts";

export interface Context {
  /** Opens the connection on first use; it is closed when the command has ended. */
  readonly engine: () => Promise<EngineClient>;
  /** The server behind it, for what is not the engine's; an error where there is none. */
  readonly server: () => Promise<ServerApi>;
  /** Of the store that is open here; undefined: a server is asked. */
  readonly facts: () => Promise<JsonObject | undefined>;
  /** The wall for stores; a server takes it from the credential. */
  readonly namespace: string;
  readonly out: Output;
  readonly err: Output;
  /** Ms since epoch. */
  readonly now: () => number;
  readonly env: Environment;
  readonly json: boolean;
  /** Columns to write in. */
  readonly width: number;
  /** A terminal shows the output. */
  readonly isTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** A person watches and can be asked. */
  readonly isInteractive: boolean;
  /** Aborted by Ctrl-C, and when nobody reads the output any more. */
  readonly interrupted: AbortSignal;
  readonly confirm: (question: string) => Promise<boolean>;
  readonly readStdin: () => Promise<string>;
  /** What `--store` names, for commands that open one themselves. */
  readonly store: string | undefined;
  /** Being interrupted is how the command ends well: exit code 0. */
  readonly stopped: () => void;
  /** The command did what it should, and what it found is bad news: exit code 1. */
  readonly finding: () => void;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A command, its arguments already in it. */
export type Act = (context: Context) => Promise<void>;

/** The process around a command; tests bring their own. */
export interface World {
  readonly out: Sink;
  readonly err: Sink;
  readonly env: Environment;
  readonly now: () => number;
  readonly width: number;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly inIsTerminal: boolean;
  readonly interrupted: AbortSignal;
  readonly ask: (question: string) => Promise<string>;
  readonly readStdin: () => Promise<string>;
  /** In place of what the command line names. */
  readonly connect?: () => Promise<Connection>;
}

export interface Connection {
  readonly client: EngineClient;
  readonly api?: ServerApi;
  /** Of a store that is open in this process. */
  readonly facts?: () => Promise<JsonObject>;
  readonly close: () => Promise<void>;
}

/** Options that every command takes. */
export interface Globals {
  readonly server?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly store?: string | undefined;
  readonly namespace?: string | undefined;
  readonly json?: true | undefined;
  /** `--no-color` makes it false. */
  readonly color?: boolean | undefined;
}
