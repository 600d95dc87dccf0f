import type { Address } from "./address.ts";
/** `@.` in its text stands for the schema. */
export interface Statement {
    readonly name: string;
    readonly text: string;
}
export type Value = string | number | boolean | Uint8Array | null;
export type Row = Readonly<Record<string, unknown>>;
/** A statement and what is bound to it. */
export interface Call {
    readonly statement: Statement;
    readonly values: readonly Value[];
}
export declare class Database {
    #private;
    readonly shown: string;
    readonly schema: string;
    readonly connections: number;
    constructor({ connectionString, shown, options }: Address);
    /** Statements that were sent so far. */
    get statements(): number;
    /** One statement, a transaction of its own. */
    run(statement: Statement, values?: readonly Value[]): Promise<readonly Row[]>;
    /** All in one transaction, sent together: the rows of each. */
    transaction(calls: readonly Call[]): Promise<readonly (readonly Row[])[]>;
    /** Work on one connection; when it throws, the connection and what was not committed are gone. */
    session<T>(work: (session: Session) => Promise<T>): Promise<T>;
    close(): Promise<void>;
}
/** One connection in the hands of one piece of work. Statements may be sent without waiting. */
export interface Session {
    run(statement: Statement, values?: readonly Value[], answerMs?: number): Promise<readonly Row[]>;
    /** Text that nothing is bound to, such as BEGIN. */
    command(text: string): Promise<readonly Row[]>;
    commit(): Promise<readonly Row[]>;
}
//# sourceMappingURL=database.d.ts.map