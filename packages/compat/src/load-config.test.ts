import { expect, it } from "vitest";
import { loadHosts, renderLaneConfig, renderLoadConfig, triedKinds } from "./load-config.ts";

const settings = { mark: "@m", name: "thing", kinds: triedKinds, statistics: false };

it("gives the module a host of every kind, and its own component", () => {
  const config = renderLoadConfig(settings);
  expect(config).toContain(`VirtualHost "virtual-host.test"\n  modules_enabled = {"thing"}`);
  expect(config).toContain(`Component "muc.test" "muc"\n  modules_enabled = {"thing"}`);
  expect(config).toContain(`Component "pubsub.test" "pubsub"\n  modules_enabled = {"thing"}`);
  expect(config).toContain(`Component "component.test" "thing"`);
});

it("always has a host of ours, since a server without a VirtualHost does not start", () => {
  const config = renderLoadConfig({ ...settings, kinds: ["muc"] });
  expect(config).toContain(`VirtualHost "foundry.test"\n  modules_enabled = {"foundry_probe"}`);
  expect(config).not.toContain("virtual-host.test");
});

it.each([
  [true, true],
  [false, false],
])("statistics %s: the option is set: %s", (statistics, isSet) => {
  expect(renderLoadConfig({ ...settings, statistics }).includes(`statistics = "internal"`)).toBe(isSet);
});

it("marks every line of the log", () => {
  expect(renderLoadConfig(settings)).toContain(`source_width = false, timestamps = "@m"`);
});

it("a lane has the same hosts without the module, no port open, and no component that would be the module", () => {
  const { name: _name, ...lane } = settings;
  const config = renderLaneConfig(lane);
  expect(config).toContain(`Component "muc.test" "muc"\nComponent "pubsub.test" "pubsub"\n`);
  expect(config).toContain("interfaces = {}\nlocal_interfaces = {}\n");
  expect(config).not.toContain("component.test");
  expect(config).not.toContain("modules_enabled");
  const options = renderLoadConfig(settings)
    .split("\n")
    .filter((line) => /^component_|^ldap/u.test(line));
  expect(config.split("\n")).toEqual(expect.arrayContaining(options));
});

it("the hosts of a job come in the order of the kinds, our own first", () => {
  expect(loadHosts(["pubsub", "component"])).toEqual(["foundry.test", "pubsub.test", "component.test"]);
});
