import { gone, json, lockByte, text } from "../../fixtures/repository-faults.ts";
import { lock, plan, type Row } from "./row.ts";

/** A lock that is missing, or that nobody but foundry should have written so. */
export const lockRows: Row[] = [
  {
    title: "a missing lock",
    args: plan,
    arrange: gone(lock),
    code: "LOCK_MISSING",
    says: /There is no .*modules\.lock\.json/u,
    hint: /foundry module add/u,
  },
  {
    title: "a lock that is no JSON",
    args: plan,
    arrange: text(lock, (before) => before.slice(0, -3)),
    code: "LOCK_MALFORMED",
    says: /modules\.lock\.json:\d+:\d+ is no JSON/u,
    hint: /git checkout/u,
  },
  {
    title: "a lock with a field it does not have",
    args: plan,
    arrange: json(lock, { modulse: {} }),
    code: "LOCK_MALFORMED",
    says: /Unrecognized key: "modulse"/u,
    hint: /Did you mean modules\?/u,
  },
  {
    title: "a lock of a newer foundry",
    args: plan,
    arrange: json(lock, { lockVersion: 2 }),
    code: "LOCK_VERSION",
    says: /lockVersion 2/u,
    hint: /newer foundry/u,
  },
  {
    title: "a lock with other words in it",
    args: plan,
    arrange: text(lock, (before) => before.replace('"stage": "beta"', '"stage": "stable"')),
    code: "LOCK_CHANGED",
    says: /changed by hand: modules\.mod_/u,
    hint: /git checkout/u,
  },
  ...[0, 0.2, 0.4, 0.6, 0.8, 1].map((part): Row => ({
    title: `a changed byte ${part * 100} % into the lock`,
    args: ["module", "remove", "lastlog2"],
    arrange: lockByte(part),
    code: "LOCK_[A-Z]+",
    says: /modules\.lock\.json/u,
    hint: /\S/u,
  })),
  {
    title: "a lock with git's conflict markers",
    args: ["module", "update"],
    arrange: text(lock, (before) => `<<<<<<< HEAD\n${before}=======\n${before}>>>>>>> other\n`),
    code: "LOCK_CONFLICT",
    says: /modules\.lock\.json:1 has a git conflict marker/u,
    hint: /module verify --fix/u,
  },
];
