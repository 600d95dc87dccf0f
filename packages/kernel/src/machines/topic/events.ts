import type { OperationRef } from "../../events/run-events.ts";
import type { JsonObject, Payload } from "../../payload.ts";
import type { Trigger } from "../../messages.ts";

/** The past of an event name in a namespace. */
export type TopicEventBody =
  | { readonly kind: "topic.subscribed"; readonly wait: OperationRef; readonly match?: JsonObject }
  | { readonly kind: "topic.unsubscribed"; readonly wait: OperationRef }
  | { readonly kind: "topic.triggered"; readonly namespace: string; readonly trigger: Trigger }
  | { readonly kind: "topic.untriggered"; readonly id: string }
  | {
      readonly kind: "topic.published";
      readonly id: string;
      readonly payload: Payload;
      readonly data?: JsonObject;
      /** The waits it resolved, which are over with it. */
      readonly matched: readonly OperationRef[];
    }
  /** The recent events are older than any look-back. */
  | { readonly kind: "topic.forgotten" };
