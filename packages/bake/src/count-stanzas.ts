import type { Client, Element } from "@xmpp/client";

const sm = "urn:xmpp:sm:3";
const bind = "urn:xmpp:bind:0";
const stanzas = new Set(["message", "presence", "iq"]);

/**
 * Makes @xmpp/client acknowledge what XEP-0198 says: every stanza since stream management began. By itself it leaves out
 * the answers to its own requests, and it begins a turn too late: what comes in one packet with `enabled` is acknowledged
 * and then forgotten, and a server closes a stream on which less is acknowledged than before.
 */
export function countStanzas(entity: Client): void {
  let inbound = 0;
  entity.on("element", (element: Element) => {
    if (begins(element)) inbound = 0;
    else if (stanzas.has(element.name)) inbound += 1;
  });
  Object.defineProperty(entity.streamManagement, "inbound", {
    get: () => inbound,
    set: () => {
      // What it counts itself is of no use.
    },
  });
}

function begins(element: Element): boolean {
  return element.is("enabled", sm) || element.getChild("bound", bind)?.getChild("enabled", sm) !== undefined;
}
