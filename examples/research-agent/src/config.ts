/** What the demo and the agent's process say to each other. */
import { z } from "zod";

/** Where the agent's process may kill itself: once the tool has acted, before that is recorded. */
export const crashPoints = ["search", "calculate", "take_note", "publish", "none"] as const;
export type CrashPoint = (typeof crashPoints)[number];

export const AgentConfig = z.strictObject({
  store: z.string(),
  notes: z.string(),
  /** Where the report is published. */
  report: z.string(),
  question: z.string(),
  model: z.string(),
  /** Missing: the OpenAI service's own. The key is in the environment, never in a file. */
  baseUrl: z.url().optional(),
  crashAfter: z.enum(crashPoints),
});
export type AgentConfig = z.infer<typeof AgentConfig>;

export type AgentMessage =
  /** Something was really done, not replayed. */
  | { readonly type: "did"; readonly text: string }
  | { readonly type: "review"; readonly report: string }
  | {
      readonly type: "done";
      readonly published: boolean;
      readonly by: string;
      /** Of the journal: steps by name, and those that may have run twice. */
      readonly steps: Readonly<Record<string, number>>;
      readonly maybeRan: readonly string[];
    };

export interface ReviewAnswer {
  readonly publish: boolean;
  readonly by: string;
}
