/** Reads server-sent events as the standard says, line by line. */
export interface ReadEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: {
    readonly events: readonly { readonly seq: number; readonly kind: string }[];
    readonly outcome?: { readonly status: string };
  };
}

export async function* readEvents(response: Response): AsyncGenerator<ReadEvent> {
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      const fields = new Map(
        block.split("\n").map((line) => {
          const [, name = "", value = ""] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
          return [name, value] as const;
        }),
      );
      const event = fields.get("event");
      const data = JSON.parse(fields.get("data") ?? "null") as ReadEvent["data"];
      if (event !== undefined) yield { event, id: fields.get("id"), data };
    }
  }
}

/** All of them, once the stream has ended. */
export async function collect(events: AsyncIterable<ReadEvent>): Promise<readonly ReadEvent[]> {
  const all: ReadEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}
