export type CutFault = 
/** The database refuses the commit. */
"abort"
/** The connection is cut before the commit has reached the database. */
 | "lost"
/** The connection is cut when the database has answered, and the answer is lost. */
 | "applied";
export declare class CuttingProxy {
    #private;
    static start(targetPort: number): Promise<CuttingProxy>;
    private constructor();
    get port(): number;
    failNext(fault: CutFault): void;
    /** Ends all connections that are there; new ones are taken. */
    cut(): void;
    stop(): Promise<void>;
}
//# sourceMappingURL=cutting-proxy.d.ts.map