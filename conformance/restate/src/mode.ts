/** How the services are served; the same scenarios hold in all of them. */
export const modes = ["bidi", "request-response", "always-suspending", "lazy-state"] as const;

export type Mode = (typeof modes)[number];

/** What disturbs a run: nothing, the network, or the server's sudden end. */
export const faultKinds = ["none", "proxy", "kills"] as const;

export type Faults = (typeof faultKinds)[number];

export type Against = "perdure" | "reference";
