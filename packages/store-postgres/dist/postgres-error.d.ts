/** The connection could not be had, so nothing was asked of the database. */
export declare class ConnectError extends Error {
    readonly name = "ConnectError";
}
/** Undefined: the error is not the database's own. */
export declare function sqlStateOf(error: unknown): string | undefined;
/** Does the error leave no doubt that the transaction was not applied? */
export declare function isCertain(error: unknown): boolean;
/** The database gave this transaction up for another one: the same again is likely to work. */
export declare function isGivenUp(error: unknown): boolean;
/** It is about the values that were sent, and not about the database. */
export declare function isAboutValues(error: unknown): boolean;
export declare function isDuplicate(error: unknown): boolean;
/** One or two sentences for the person who has to do something about it. */
export declare function adviceFor(error: unknown): string;
/** As an operating error, for what is not a commit. */
export declare function operatingError(error: unknown): unknown;
//# sourceMappingURL=postgres-error.d.ts.map