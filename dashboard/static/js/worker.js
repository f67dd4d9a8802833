/** The shared worker, through which all tabs of a browser that show the same panel hear the engine. */
import { Relay } from "./relay.js";

const relay = new Relay(JSON.parse(globalThis.name));

globalThis.onconnect = ({ ports: [port] }) => relay.serve(port);
