import type { PostgresOptions } from "./options.ts";
export interface Address {
    /** For the driver: the address without the store's own parameters. */
    readonly connectionString: string;
    /** For people: without name and password. */
    readonly shown: string;
    readonly options: PostgresOptions & Required<Pick<PostgresOptions, "schema" | "connections">>;
}
/** Options given beside the address win over its parameters. */
export declare function parseAddress(address: string, given?: PostgresOptions): Address;
//# sourceMappingURL=address.d.ts.map