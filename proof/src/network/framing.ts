/** Where one message of a protocol ends and the next begins, whatever pieces the bytes come in. */

/** The messages that are whole with this piece. The bytes of all messages are those of all pieces. */
export type Splitter = (piece: Buffer) => readonly Buffer[];

/** Made for each connection: the two directions may have to know of each other. */
export type Framing = () => { readonly request: Splitter; readonly response: Splitter };

/** Every piece is a message. */
export const plain: Framing = () => ({
  request: (piece) => [piece],
  response: (piece) => [piece],
});

/** Calls `sizeOf` with all bytes that are no message yet; undefined: it takes more to say. */
export function splitter(sizeOf: (bytes: Buffer) => number | undefined): Splitter {
  let rest = Buffer.alloc(0);
  return (piece) => {
    rest = Buffer.concat([rest, piece]);
    const messages: Buffer[] = [];
    for (;;) {
      const size = sizeOf(rest);
      if (size === undefined || rest.length < size) return messages;
      messages.push(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
  };
}
