/** `perdure/testing`: workflows in virtual time, journals checked, crashes tried. */
export { checkJournals } from "./check/check-journals.ts";
export type { CheckOptions } from "./check/check-journals.ts";
export type { Difference, DifferenceType, EventLine } from "./check/difference.ts";
export type { Change, Fix } from "./check/fix.ts";
export { exportedJournals, liveJournals } from "./check/journal.ts";
export type { Journal, JournalSource, UnreadableJournal } from "./check/journal.ts";
export { renderCheckHtml } from "./check/render-html.ts";
export { renderCheck } from "./check/render-text.ts";
export type {
  CheckReport,
  DifferingGroup,
  RemarkGroup,
  RunCheck,
  RunGroup,
} from "./check/report.ts";
export type { TextOptions } from "./report/text.ts";
export { testEnvironment } from "./test-environment.ts";
export type { TestEnvironment, TestOptions } from "./test-environment.ts";
export type { Definitions } from "../worker/registry.ts";
export { crashTest, expectCrashSafe } from "./crash/crash-test.ts";
export type { Answers, CrashOptions, CrashProgress, Made, OpenWait } from "./crash/options.ts";
export { renderCrashTestHtml } from "./crash/render-html.ts";
export { renderCrashTest } from "./crash/render-text.ts";
export type { CrashFigures, CrashReport, Finding, FindingKind } from "./crash/report.ts";
