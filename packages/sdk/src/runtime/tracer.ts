/** Where spans go. Bring your own, for instance one that speaks OpenTelemetry. */
export interface Tracer {
  /** Never called while a run is replayed. */
  start(name: string, run: { readonly runId: string; readonly workflow: string }): TracerSpan;
}

export interface TracerSpan {
  end(error?: unknown): void;
}
