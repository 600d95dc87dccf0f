/** The one fault of a small world. Each may also not happen. Workers by number, from 1. */
export type Fault =
  | { readonly type: "none" }
  /** `isNoticed`: the node learns of it by itself; otherwise by the end of the lease. */
  | { readonly type: "worker crash"; readonly worker: number; readonly isNoticed: boolean }
  | { readonly type: "cut"; readonly worker: number }
  | { readonly type: "lease end"; readonly worker: number }
  | { readonly type: "node crash" }
  | { readonly type: "commit answer lost"; readonly commit: "applied" | "not applied" }
  | { readonly type: "client answer lost" };

export function faultsFor(workers: number): readonly Fault[] {
  const each = Array.from({ length: workers }, (_, i) => i + 1);
  return [
    { type: "none" },
    ...each.flatMap((worker): Fault[] => [
      { type: "worker crash", worker, isNoticed: true },
      { type: "worker crash", worker, isNoticed: false },
      { type: "cut", worker },
      { type: "lease end", worker },
    ]),
    { type: "node crash" },
    { type: "commit answer lost", commit: "applied" },
    { type: "commit answer lost", commit: "not applied" },
    { type: "client answer lost" },
  ];
}

export function describeFault(fault: Fault): string {
  switch (fault.type) {
    case "worker crash":
      return `worker ${fault.worker} crashes, ${fault.isNoticed ? "noticed" : "unnoticed"}`;
    case "cut":
      return `worker ${fault.worker} is cut off`;
    case "lease end":
      return `the lease of worker ${fault.worker} ends`;
    case "commit answer lost":
      return `a commit's answer is lost, the commit ${fault.commit}`;
    default:
      return fault.type;
  }
}

/** Whose silence the node will notice. */
export function silentWorker(fault: Fault): number | undefined {
  if (fault.type === "lease end") return fault.worker;
  return fault.type === "worker crash" && !fault.isNoticed ? fault.worker : undefined;
}
