/** `@perdure/nodes`: how nodes that share a store reach each other over a network. */
export type { NodeAccess, NodeCertificates } from "./access.ts";
export { hostPortOf } from "./address.ts";
export { nodeLimits, type NodeLimits } from "./limits.ts";
export { openNode, type NodeSettings, type OpenedNode } from "./open-node.ts";
export { SocketNetwork, type SocketNetworkOptions } from "./socket-network.ts";
export { frameHead, Frames } from "./frames.ts";
export { decodePeerMessage, encodePeerMessage } from "./messages.ts";
