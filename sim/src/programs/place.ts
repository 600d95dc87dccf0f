/** Where everything of a simulation runs. */
export const namespace = "default";
export const queue = "default";
