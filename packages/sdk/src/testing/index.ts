/** `perdure/testing`: workflows in virtual time, and without their side effects. */
export { testEnvironment } from "./test-environment.ts";
export type { TestEnvironment, TestOptions } from "./test-environment.ts";
