/**
 * Networks for tests: one in memory, with latency and cuts on a clock and no sockets; one of real nodes on loopback;
 * and an admission that the test decides.
 *
 * @module
 */
export { addressOf, areAdmitted, LoopbackMesh } from "./loopback_mesh.ts";
export { letProcessEnd } from "./exit_fix.ts";
export { MemoryNetwork, type MemoryNetworkOptions, MemoryNode } from "./memory_network.ts";
export { startRelay, type TcpRelay } from "./tcp_relay.ts";
export { TestRoster } from "./test_roster.ts";
