/** Where the two servers do not do the same, scenario by scenario, and why. */
export const differences: Readonly<Record<string, string>> = {};
