/**
 * Callers whose message went on to a partition of another node, as when a key passes a signal to a
 * run that was imported under it. Soft, as all callers are.
 *
 * F1  A caller's number means something on its own node only. The node that applies the message
 *     gives it a number of its own, and sends the reply back with the first one.
 * F2  Every caller hears something in the end: the reply, or that nobody knows when its message was
 *     applied and no reply has come, or was not for long.
 */
import {
  errorData,
  PerdureError,
  type Envelope,
  type ErrorData,
  type RequestId,
} from "@perdure/kernel";
import { callerOf, type Requests } from "../commit/requests.ts";
import type { Env } from "../env.ts";
import type { FarReply } from "./parcels.ts";
import type { PeerTalk } from "./peers.ts";

/** The reply is on its way when the message is acknowledged. */
const GRACE_MS = 2_000;
const PATIENCE_MS = 30_000;

interface Sent {
  readonly from: number;
  readonly to: number;
  readonly seq: number;
  cancelTimer: () => void;
  isApplied: boolean;
}

export class FarCallers {
  readonly #env: Env;
  readonly #peers: PeerTalk;
  readonly #requests: Requests;
  /** Callers here, by their request. */
  readonly #sent = new Map<RequestId, Sent>();
  /** Callers elsewhere, by the request that stands for them here: the partition it is about. */
  readonly #taken = new Map<RequestId, number>();

  constructor(env: Env, peers: PeerTalk, requests: Requests) {
    this.#env = env;
    this.#peers = peers;
    this.#requests = requests;
    peers.hear("reply", (reply) => this.#replied(reply));
  }

  /** The message leaves this node, perhaps again. */
  sent({ message }: Envelope, from: number, to: number, seq: number): void {
    const request = callerOf(message);
    if (request === undefined || this.#sent.has(request)) return;
    const cancelTimer = this.#env.after(PATIENCE_MS, () => this.#giveUp(request));
    this.#sent.set(request, { from, to, seq, cancelTimer, isApplied: false });
  }

  /** Messages up to `seq` are applied: replies that are not here yet are late. */
  applied(from: number, to: number, seq: number): void {
    for (const [request, sent] of this.#sent) {
      if (sent.isApplied || sent.from !== from || sent.to !== to || sent.seq > seq) continue;
      sent.isApplied = true;
      sent.cancelTimer();
      sent.cancelTimer = this.#env.after(GRACE_MS, () => this.#giveUp(request));
    }
  }

  /** The message as it is to be applied here: a reply goes to the node that it came from. */
  taken({ to, message }: Envelope, partition: number, node: string): Envelope {
    if (!("request" in message) || message.request === undefined) return { to, message };
    const { request } = message;
    const tell = (reply: FarReply): void => {
      this.#taken.delete(own);
      this.#peers.to(node)?.tell("reply", reply);
    };
    const own: RequestId = this.#requests.open({
      answer: (reply) => tell({ request, reply }),
      fail: (error) => this.#taken.has(own) && tell({ request, error: errorData(error) }),
    });
    this.#taken.set(own, partition);
    return { to, message: { ...message, request: own } };
  }

  /** Nobody here will reply: the next owner is sent the message, if it was not applied. */
  left(isHere: (partition: number) => boolean): void {
    for (const [own, partition] of this.#taken) {
      if (isHere(partition)) continue;
      this.#taken.delete(own);
      this.#requests.fail(own, unknownError());
    }
  }

  #replied({ request, reply, error }: FarReply): void {
    const sent = this.#sent.get(request);
    if (sent === undefined) return;
    sent.cancelTimer();
    this.#sent.delete(request);
    if (reply !== undefined) return this.#requests.answer(request, reply);
    if (error !== undefined) this.#requests.fail(request, meantFor(error));
  }

  #giveUp(request: RequestId): void {
    this.#sent.delete(request);
    this.#requests.fail(request, unknownError());
  }
}

/** That the far node could not do it says nothing: the message is durable, and another one will. */
function meantFor({ code, message, detail, retry }: ErrorData): PerdureError {
  if (retry !== "never" || code === "closed") return unknownError();
  return new PerdureError(code, message, detail ? { detail } : {});
}

function unknownError(): PerdureError {
  const text =
    "The call was passed on to another node, and no answer came from there: it is carried out, " +
    "now or later. Look before you call again.";
  return new PerdureError("unavailable", text);
}
