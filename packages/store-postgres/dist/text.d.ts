export declare function toText(value: string): string;
/** The text in a column of a row. */
export declare function textIn(row: Readonly<Record<string, unknown>>, column: string): string;
//# sourceMappingURL=text.d.ts.map