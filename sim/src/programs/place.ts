/** Where everything of a simulation runs. */
export const namespace = "default";
export const queue = "default";

/** Errands meet under one key for each mode. */
export const errandModes = ["single", "exclusive", "shared"] as const;
export type ErrandMode = (typeof errandModes)[number];
export const errandKey = (mode: ErrandMode): string => `errand-${mode}`;
