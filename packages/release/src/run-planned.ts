import { isUserError } from "@prosody-foundry/kit";

/** Reading, deciding and doing, kept apart so that the decision can be printed. */
export interface PlannedRun<Seen, Action> {
  read: () => Promise<Seen>;
  plan: (seen: Seen) => Action[];
  run: (action: Action, seen: Seen) => Promise<void>;
  /**
   * True for what GitHub would do a second time when it is asked a second time. Such an action makes one request; when its
   * answer is lost, it is looked whether it had arrived.
   */
  isRepeated?: (action: Action) => boolean;
}

/** So often something else may have come in between. */
const turns = 5;

/**
 * Makes what is planned. Where GitHub says that something changed meanwhile (also when a request had arrived whose answer was
 * lost), it looks again and goes on with what is left. Answers all that was done and is known to be.
 * @throws UserError of `run`; GITHUB_CONFLICT when it never comes to rest.
 */
export async function runPlanned<Seen, Action>(work: PlannedRun<Seen, Action>): Promise<Action[]> {
  const done: Action[] = [];
  for (let turn = 1; ; turn += 1) {
    const conflict = await runTurn(work, done);
    if (conflict === null) return done;
    if (turn === turns) throw conflict;
  }
}

/** Null when all was done, else why to look again. */
async function runTurn<Seen, Action>(work: PlannedRun<Seen, Action>, done: Action[]): Promise<Error | null> {
  const seen = await work.read();
  for (const action of work.plan(seen)) {
    const failure = await work.run(action, seen).then(
      () => null,
      (error: unknown) => whyAgain(error, work.isRepeated?.(action) ?? false),
    );
    if (failure !== null) return failure;
    done.push(action);
  }
  return null;
}

function whyAgain(error: unknown, isRepeated: boolean): Error {
  if (isUserError(error, "GITHUB_CONFLICT")) return error;
  if (isRepeated && isUserError(error, "GITHUB_UNREACHABLE")) return error;
  throw error;
}
