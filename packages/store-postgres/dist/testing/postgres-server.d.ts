export interface PostgresServer {
    readonly version: number;
    readonly port: number;
    /** For `pg`: through the socket. */
    readonly connection: {
        readonly host: string;
        readonly port: number;
        readonly user: string;
        readonly database: string;
    };
    /** For a store: through 127.0.0.1. `query` is added to it, as in `schema=one`. */
    address(query?: string): string;
    /** Ends at once, as after `kill -9`; `start` brings it back with what it had. */
    kill(): Promise<void>;
    start(): Promise<void>;
    stop(): Promise<void>;
}
export interface ServerOptions {
    /** Of PostgreSQL; absent: the newest that is installed. */
    readonly version?: number;
    /** Whether commits are synced. Default: no, for a test that does not crash machines. */
    readonly fsync?: boolean;
    /** Further settings. */
    readonly settings?: Readonly<Record<string, string>>;
}
/**
 * Why tests on PostgreSQL cannot run here; undefined: they can. Where they must, as in CI
 * (`PERDURE_REQUIRE_POSTGRES`), it is never an excuse.
 */
export declare function missingPostgres(version?: number): string | undefined;
export declare function startPostgres(options?: ServerOptions): Promise<PostgresServer>;
//# sourceMappingURL=postgres-server.d.ts.map