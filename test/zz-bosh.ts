import { Strophe } from "strophe.js";
import { nameHosts } from "./fixtures/compliance/host-names.ts";
import { enterByBosh } from "./fixtures/compliance/bosh-client.ts";
nameHosts(["example.org"], process.argv[2]!);
(Strophe as any).log = (l: number, m: string) => console.log(l, m.slice(0, 400));
Strophe.setLogLevel?.(0 as never);
try { const c = await enterByBosh("https://example.org:5281/http-bind", { bare: "user10@example.org", password: "pw123456" }); console.log("OK", c.jid); } catch (e) { console.log(String(e)); }
process.exit();
