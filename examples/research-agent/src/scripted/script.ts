/**
 * A model by script: what it says next follows from the conversation alone. It reads the numbers
 * it works with out of what its tools answered, so a tool that answers wrongly shows in the end.
 */
import { z } from "zod";

export const Conversation = z.array(
  z.looseObject({ role: z.string(), content: z.string().nullish() }),
);
type Conversation = z.infer<typeof Conversation>;

export interface Reply {
  readonly content: string | null;
  readonly calls: readonly { readonly name: string; readonly input: object }[];
}

const search = (query: string) => ({ name: "search", input: { query } });
const calculate = (expression: string) => ({ name: "calculate", input: { expression } });
const note = (text: string) => ({ name: "take_note", input: { text } });
const use = (...calls: Reply["calls"]): Reply => ({ content: null, calls });

const turns: readonly ((heard: (pattern: RegExp) => string) => Reply)[] = [
  () =>
    use(search("blocks the ice house holds when full"), search("ice lost in sawdust and straw")),
  (heard) =>
    use(
      note(`full: ${heard(/(\d+) blocks of/)} blocks of ${heard(/blocks of (\d+) kg/)} kg`),
      search("sawdust crowns, straw crowns, ice sold a tonne"),
    ),
  // Models make mistakes; this one learns from the answer.
  (heard) => use(calculate(`${heard(/(\d+) blocks of/)} blocks * ${heard(/of (\d+) kg/)} kg`)),
  (heard) => use(calculate(`${heard(/(\d+) blocks of/)} * ${heard(/of (\d+) kg/)} / 1000`)),
  (heard) =>
    use(
      calculate(`${heard(/^([\d.]+)$/)} * (100 - ${heard(/sawdust had lost (\d+)/)}) / 100`),
      calculate(`${heard(/^([\d.]+)$/)} * (100 - ${heard(/in straw (\d+)/)}) / 100`),
    ),
  (heard) =>
    use(
      calculate(
        `(${heard(/^(88[\d.]*)$/)} - ${heard(/^(63[\d.]*)$/)}) * ${heard(/at (\d+) crowns/)}` +
          ` - (${heard(/house, (\d+) crowns/)} - ${heard(/had cost (\d+) crowns/)})`,
      ),
    ),
  (heard) => use(note(`sawdust gains ${heard(/^([\d.]+)$/)} crowns a year over straw`)),
  (heard) => ({
    calls: [],
    content: [
      `Yes. Sawdust saved ice worth more than it cost: ${heard(/^([\d.]+)$/)} crowns a year.`,
      `Of a full house, sawdust kept ${heard(/^(88[\d.]*)$/)} tonnes until the end of August and`,
      `straw ${heard(/^(63[\d.]*)$/)}; the fishery sold them at ${heard(/at (\d+) crowns/)} crowns a`,
      "tonne. (ice-house.md, packing.md, accounts-1874.md)",
    ].join("\n"),
  }),
];

/** How often the scripted model has to be asked for one report. */
export const turnCount: number = turns.length;

export function nextReply(conversation: Conversation): Reply {
  const turn = conversation.filter(({ role }) => role === "assistant").length;
  const answers = conversation
    .filter(({ role }) => role === "tool")
    .map(({ content }) => content ?? "");
  const heard = (pattern: RegExp): string => {
    const found = answers.toReversed().find((answer) => pattern.test(answer));
    return (found && pattern.exec(found)?.[1]) ?? "(nobody told me)";
  };
  const act = turns[turn];
  return act ? act(heard) : { content: "I have nothing to add.", calls: [] };
}
