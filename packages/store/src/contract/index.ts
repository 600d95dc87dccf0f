/** For implementations of the store: the suite that says whether they are one. */
export { agree, type Agreement } from "./agree.ts";
export { blob, Owner, Owners, row, run, stream, text, texts, untext } from "./fixture.ts";
export type { Ability, CommitFault, Harness, MakeHarness } from "./harness.ts";
export { MemoryHarness } from "./memory-harness.ts";
export { SpreadHarness } from "./spread-harness.ts";
export { storeContract } from "./store-contract.ts";
