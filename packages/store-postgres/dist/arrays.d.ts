export declare function numbers(list: readonly (number | undefined)[]): string;
export declare function booleans(list: readonly boolean[]): string;
export declare function bytes(list: readonly Uint8Array[]): Buffer;
export declare function texts(list: readonly (string | undefined)[]): Buffer;
//# sourceMappingURL=arrays.d.ts.map