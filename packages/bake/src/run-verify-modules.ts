import { isUserError } from "@prosody-foundry/kit";
import { findComplaints, findFaults, type ModuleFault } from "./check-log.ts";
import { bad, type Finding, good } from "./check-result.ts";
import { type Container, readLog, removeServer, startCutOff, waitForServer } from "./run-verify-server.ts";

/**
 * Whether the modules that are shipped and not enabled load when they are asked for: all in one server, and those that
 * do not get on with the others once more in one of their own.
 */
export async function loadOthers(container: Container, domain: string, modules: readonly string[]): Promise<Finding> {
  if (modules.length === 0) return good("none is shipped without being enabled");
  const together = await loadTogether(container, domain, modules);
  const faults: ModuleFault[] = [];
  for (const { name } of together) faults.push(...(await loadIn(container, domain, [name])));
  if (faults.length > 0) return bad(faults.map(({ name, because }) => `${name}: ${because}`).join("; "));
  const alone = together.length === 0 ? "" : `; only by themselves: ${together.map(({ name }) => name).join(", ")}`;
  return good(`${modules.length} of ${modules.length} load when asked for${alone}`);
}

// A server with a module that does not load ends, so that of the others nothing is known yet.
async function loadTogether(container: Container, domain: string, modules: readonly string[]): Promise<ModuleFault[]> {
  const faults = await loadIn(container, domain, modules);
  const rest = modules.filter((module) => faults.every(({ name }) => name !== module));
  if (faults.length === 0 || rest.length === 0) return faults;
  return [...faults, ...(await loadTogether(container, domain, rest))];
}

async function loadIn(container: Container, domain: string, modules: readonly string[]): Promise<ModuleFault[]> {
  const server = { ...container, name: `${container.name}-modules` };
  try {
    const names = modules.map((name) => name.replace(/^mod_/u, ""));
    await startCutOff(server, domain, { PROSODY_ENABLE_MODULES: names.join(",") });
    await waitForServer(server);
    return findFaults(await readLog(server), modules);
  } catch (error) {
    if (!isUserError(error, "VERIFY_NOT_STARTED")) throw error;
    const faults = findComplaints(await readLog(server), modules);
    return faults.length > 0 ? faults : modules.map((name) => ({ name, because: error.message }));
  } finally {
    await removeServer(server.name, container.exec);
  }
}
