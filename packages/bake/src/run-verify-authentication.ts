import { isUserError } from "@prosody-foundry/kit";
import { authenticationScript, findProblems, judgeWays, planWays, type Way } from "./check-authentication.ts";
import { findComplaint, findRefusals } from "./check-log.ts";
import type { Finding } from "./check-result.ts";
import {
  askImage,
  type Container,
  readLog,
  removeServer,
  runLua,
  startCutOff,
  waitForServer,
} from "./run-verify-server.ts";

/** The ways to authenticate that the image of a running server has beside its default. */
export async function readWays(container: Container): Promise<Way[]> {
  const modules = await runLua(container, authenticationScript);
  return planWays(await askImage(container, "help", "--json"), modules.split("\n"));
}

/** Whether each of them gives a server as healthy as the running one when it is chosen, cut off from what it would ask. */
export async function loadWays(container: Container, domain: string): Promise<Finding> {
  const ways = await readWays(container);
  // What is wrong with any server of this image is for other checks to say.
  const common = await readProblems(container);
  const tries = ways.map(async (way) => {
    const problems = await tryWay(container, domain, way);
    return { way, problems: problems.filter((problem) => !common.includes(problem)) };
  });
  return judgeWays(await Promise.all(tries));
}

async function readProblems(server: Container): Promise<string[]> {
  return findProblems(await askImage(server, "healthcheck", "--json"));
}

async function tryWay(container: Container, domain: string, way: Way): Promise<string[]> {
  const server = { ...container, name: `${container.name}-${way.name}` };
  try {
    await startCutOff(server, domain, way.env);
    await waitForServer(server);
    const complaint = findComplaint(await readLog(server), way.module);
    return complaint === undefined ? await readProblems(server) : [complaint];
  } catch (error) {
    if (!isUserError(error, "VERIFY_NOT_STARTED")) throw error;
    const log = await readLog(server);
    const complaint = findComplaint(log, way.module);
    const refusals = findRefusals(log);
    if (complaint !== undefined) return [complaint];
    return refusals.length > 0 ? refusals : [error.message];
  } finally {
    await removeServer(server.name, container.exec);
  }
}
