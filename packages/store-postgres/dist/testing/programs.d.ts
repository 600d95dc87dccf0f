export interface Programs {
    readonly folder: string;
    readonly version: number;
}
/** The newest installed, or one of this major version. Debian keeps a folder for each. */
export declare function findPrograms(version?: number): Programs | undefined;
//# sourceMappingURL=programs.d.ts.map