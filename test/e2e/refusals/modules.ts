import { all, locked } from "../../fixtures/repository-faults.ts";
import { plan, requires, type Row } from "./row.ts";

/** Modules that cannot be locked, or that no image can ship. */
export const modulesRows: Row[] = [
  {
    title: "modules that need each other",
    args: plan,
    arrange: requires("mod_ring_a"),
    code: "MODULE_CYCLE",
    says: /mod_ring_a → mod_ring_b → mod_ring_a/u,
    hint: /another revision/u,
  },
  {
    title: "a module that needs what is nowhere",
    args: plan,
    arrange: requires("mod_orphan"),
    code: "MODULE_CANNOT_SHIP",
    says: /needs mod_nowhere_to_be_found/u,
    hint: /Take mod_orphan out/u,
  },
  {
    title: "a dependency that is not locked",
    args: plan,
    arrange: all(
      requires("mod_sasl2_bind2"),
      locked((before) => void delete before.modules["mod_sasl2"]),
    ),
    code: "DEPENDENCY_NOT_LOCKED",
    says: /mod_sasl2_bind2 needs mod_sasl2/u,
    hint: /foundry module add mod_sasl2/u,
  },
  {
    title: "a required module that is not locked",
    args: plan,
    arrange: requires("mod_rest"),
    code: "MODULE_CANNOT_SHIP",
    says: /mod_rest: it is not in the lock/u,
    hint: /foundry module add mod_rest/u,
  },
  {
    title: "a module that conflicts with the release",
    args: plan,
    arrange: requires("mod_clash"),
    code: "MODULE_CANNOT_SHIP",
    says: /--% conflicts/u,
    hint: /Take mod_clash out/u,
  },
  {
    title: "a tombstone",
    args: plan,
    arrange: requires("mod_never_code"),
    code: "MODULE_CANNOT_SHIP",
    says: /tombstone on 13\.0\.1/u,
    hint: /Take mod_never_code out/u,
  },
  {
    title: "a README whose front matter cannot be read",
    args: plan,
    arrange: requires("mod_bad_readme"),
    code: "MODULE_CANNOT_SHIP",
    says: /mod_bad_readme\/README\.md/u,
    hint: /Take mod_bad_readme out/u,
  },
  {
    title: "a module that is no Lua",
    args: plan,
    arrange: requires("mod_bad_lua"),
    code: "MODULE_CANNOT_SHIP",
    says: /mod_bad_lua\.lua is no Lua: \[1:15\]/u,
    hint: /Take mod_bad_lua out/u,
  },
  {
    title: "a module in use, to be removed",
    args: ["module", "remove", "sasl2"],
    code: "MODULE_IN_USE",
    says: /mod_sasl2_bind2 needs it/u,
    hint: /first/u,
  },
];
