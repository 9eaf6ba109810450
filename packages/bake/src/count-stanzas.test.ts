import { client, type Element, xml } from "@xmpp/client";
import { expect, it } from "vitest";
import { countStanzas } from "./count-stanzas.ts";

const sm = "urn:xmpp:sm:3";

/** What a client acknowledges that got these in one packet. */
function acknowledged(...elements: Element[]): number {
  const entity = client({ service: "xmpp://localhost", domain: "example.org", credentials: async () => undefined });
  countStanzas(entity);
  for (const element of elements) entity.emit("element", element);
  return entity.streamManagement.inbound;
}

it.each([
  ["enabled", xml("enabled", { xmlns: sm })],
  ["bound", xml("success", {}, xml("bound", { xmlns: "urn:xmpp:bind:0" }, xml("enabled", { xmlns: sm })))],
])("counts every stanza from where stream management was %s", (_, begin) => {
  const stanzas = ["presence", "message", "iq"].map((name) => xml(name, { type: "result" }));
  expect(acknowledged(...stanzas, begin, ...stanzas, xml("r", { xmlns: sm }))).toBe(3);
});
