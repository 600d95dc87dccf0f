/** The event bus: publishing, and the triggers that start runs. */
import { silentRoute, type Route } from "../http/route.ts";
import * as take from "./schemas/bus.ts";

const trigger = { id: "on-order", workflow: "ship", queue: "main", match: { country: "DE" } };

export const busRoutes: readonly Route[] = [
  silentRoute({
    operation: "events.publish",
    summary: "Publishes an event: it starts what it triggers and resumes what waits for it",
    description: "An event with an id that was published of late is the same event.",
    body: take.publishBody,
    example: { event: "order.paid", id: "paid-7", payload: { value: 49 }, data: { order: "7" } },
    handle: async ({ engine, caller: { namespace }, body: { event, ...rest } }) =>
      engine.publish(namespace, event, rest),
  }),
  silentRoute({
    operation: "triggers.put",
    summary: "Starts a run of a workflow for every event that matches, from now on",
    body: take.triggerBody,
    example: { event: "order.placed", trigger },
    handle: async ({ engine, caller: { namespace }, body }) =>
      engine.setTrigger(namespace, body.event, body.trigger),
  }),
  silentRoute({
    operation: "triggers.delete",
    summary: "Removes a trigger",
    query: take.triggerQuery,
    example: { event: "order.placed", id: "on-order" },
    handle: async ({ engine, caller: { namespace }, query }) =>
      engine.removeTrigger(namespace, query.event, query.id),
  }),
];
