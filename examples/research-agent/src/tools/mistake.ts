/** A call that makes no sense. The model is told; any other error is the engine's to retry. */
export class Mistake extends Error {}
