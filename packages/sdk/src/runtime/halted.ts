/** Unwinds code whose fiber is over. Nobody looks at it. */
export class Halted extends Error {
  override readonly name = "Halted";
}
