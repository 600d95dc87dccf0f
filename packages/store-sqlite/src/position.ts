/** A segment of the file holds the frames of many partitions: a place in the log is one of them. */

/** Frames that one segment may hold. */
export const SEGMENT_FRAMES: number = 2 ** 16;

export function positionOf(segment: number, frame: number): number {
  return segment * SEGMENT_FRAMES + frame;
}
