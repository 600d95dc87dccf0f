/** Does the same to many things, at most `width` of them at a time; the first failure ends it. */
export async function inLanes<T>(
  items: Iterable<T>,
  width: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    while (failures.length === 0) {
      const next = left.next();
      if (next.done) return;
      try {
        await action(next.value);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  if (failures.length > 0) throw failures[0];
}
