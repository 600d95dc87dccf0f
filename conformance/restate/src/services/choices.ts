/** What a scenario asks a handler to do, where it goes through all of it. */
export const blockedOn = ["call", "sleep", "awakeable", "signal", "step", "attach"] as const;

export type BlockedOn = (typeof blockedOn)[number];

export const changes = [
  "call or sleep",
  "another method",
  "another target",
  "another key",
] as const;

export type ChangeOfMind = (typeof changes)[number];
