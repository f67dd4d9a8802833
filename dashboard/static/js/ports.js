/** Where a tab gets a port to a relay from. */
import { Relay } from "./relay.js";

/**
 * Asks for the relay of all tabs. Answers null where there can be none: some browsers have no shared workers, some pages may
 * not use them. `onFailure(port)` is called if it can't be started.
 */
export function sharedPort(addresses, onFailure) {
  try {
    // Each version of the script has a worker of its own, and so has each panel: by its addresses, its name.
    const worker = new SharedWorker(new URL("./worker.js", import.meta.url), { type: "module", name: JSON.stringify(addresses) });
    worker.onerror = () => onFailure(worker.port);
    return worker.port;
  } catch {
    return null;
  }
}

/** Makes a relay for this tab alone. */
export function ownPort(addresses) {
  const { port1, port2 } = new MessageChannel();
  new Relay(addresses).serve(port1);
  return port2;
}
