import { openSession } from "./fixtures/compliance/session.ts";
import { xml } from "@xmpp/client";
import { trustAuthority } from "../packages/bake/src/run-verify-client.ts";
import { readFileSync, readdirSync } from "node:fs";
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
const [addr, pw] = process.argv.slice(2);
const open = (user: string) => openSession({ service: `xmpp://${addr}:5222`, domain: "example.org", user, password: pw!, resource: "x" });
const a = await open("user10"), b = await open("user11");
await a.appear(); await b.appear();
console.log("try");
for (const f of [
  () => a.iq("get", xml("query", { xmlns: "http://jabber.org/protocol/disco#info" }), a.bare),
  () => b.iq("get", xml("query", { xmlns: "jabber:iq:private" }, xml("note", { xmlns: "a:b" })), a.bare),
  () => b.iq("get", xml("query", { xmlns: "http://jabber.org/protocol/disco#info" }), a.bare),
  () => a.iq("set", xml("query", { xmlns: "jabber:iq:private" }, xml("note", { xmlns: "urn:example:note" }, "mine"))),
]) { try { console.log(String(await f()).slice(0, 200)); } catch (e) { console.log("ERR", String(e)); } }
await a.close(); await b.close(); process.exit();
