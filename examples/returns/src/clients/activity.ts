/** Counts the calls this process has under way and has finished, for those who watch it work. */
export class Activity {
  inFlight = 0;
  finished = 0;

  async during<T>(call: () => Promise<T>): Promise<T> {
    this.inFlight++;
    try {
      return await call();
    } finally {
      this.inFlight--;
      this.finished++;
    }
  }
}
