/** What a worker says of itself, checked before it is believed: it may be anywhere. */
import { limits, PerdureError } from "@perdure/kernel";
import { checkName, checkNamespace, checkText } from "../client/checks.ts";
import type { ServedQueue, WorkerOptions } from "../worker.ts";

export function checkWorker(id: string, options: WorkerOptions): void {
  checkText("the worker's id", id, limits.idChars);
  checkNamespace(options.namespace);
  checkCount("queues", options.queues.length, limits.workerQueues);
  const names = options.queues.reduce((sum, queue) => sum + namesIn(queue), 0);
  checkCount("names of workflows and tasks", names, limits.workerNames);
  for (const queue of options.queues) checkQueue(queue);
  checkSlots("taskSlots", options.taskSlots);
  checkSlots("runSlots", options.runSlots);
  checkRange("leaseMs", options.leaseMs, 0);
  if (options.version !== undefined) checkName("the worker's version", options.version);
  const { versioning = "move", version } = options;
  if (versioning !== "move" && version === undefined) {
    throw wrong(`versioning "${versioning}" goes by the worker's version: give it one`);
  }
  checkLabels(options.labels ?? {});
}

function namesIn({ workflows, tasks }: ServedQueue): number {
  return workflows.length + tasks.length;
}

function checkQueue({ name, workflows, tasks, concurrency, rate, priority }: ServedQueue): void {
  checkName("the queue's name", name);
  for (const workflow of workflows) checkName("the workflow's name", workflow);
  for (const task of tasks) checkName("the task's name", task);
  if (concurrency !== undefined) checkRange("concurrency", concurrency, 1);
  if (rate !== undefined) {
    if (!(rate.perSecond > 0)) throw wrong("a rate's perSecond must be above 0");
    checkRange("perSecond", rate.perSecond, 0);
    if (rate.burst !== undefined) checkRange("burst", rate.burst, 1);
  }
  if (priority !== undefined) checkRange("priority", priority, -Infinity);
}

function checkLabels(labels: Readonly<Record<string, string>>): void {
  const entries = Object.entries(labels);
  checkCount("labels", entries.length, limits.workerLabels);
  for (const [name, value] of entries) {
    checkText("a label's name", name, limits.workerLabelChars);
    if (value !== "") checkText(`the label "${name}"`, value, limits.workerLabelChars);
  }
}

function checkCount(what: string, count: number, limit: number): void {
  if (count <= limit) return;
  const text = `A worker may have ${limit} ${what}, this one has ${count}: split it into several.`;
  throw new PerdureError("limit-exceeded", text);
}

function checkSlots(what: string, value: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= limits.workerSlots) return;
  throw wrong(`${what} must be a whole number from 0 to ${limits.workerSlots}, not ${value}`);
}

function checkRange(what: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least) return;
  throw wrong(`${what} must be a number of at least ${least}, not ${value}`);
}

function wrong(text: string): PerdureError {
  return new PerdureError("invalid-argument", `Worker options: ${text}.`);
}
