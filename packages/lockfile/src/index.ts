export { type LockDiff, type ModuleChange, type PinChange, type VerdictChange, diffLocks, formatDiff } from "./diff.ts";
export { formatLock, normaliseLock } from "./format.ts";
export { parseLock } from "./parse.ts";
export { type ReadLockOptions, readLock } from "./read-lock.ts";
export * from "./schema.ts";
export { type LockUpdate, updateLock, writeLock } from "./write-lock.ts";
