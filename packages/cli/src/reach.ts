import { isUserError, type UserError } from "@prosody-foundry/kit";
import type { Context } from "./context.ts";

/** Asks places of which some may be away. */
export interface Reach {
  /** What `ask` answers; null where the place does not, which is said. */
  ask<T>(ask: () => Promise<T>): Promise<T | null>;
  /** @throws the last refusal, when no place answered at all */
  refuseSilence(): void;
}

export function createReach(context: Pick<Context, "say">): Reach {
  const refusals: UserError[] = [];
  let answers = 0;
  return {
    async ask(ask) {
      try {
        const answer = await ask();
        answers += 1;
        return answer;
      } catch (error) {
        if (!isUserError(error, "INPUT_UNREACHABLE")) throw error;
        refusals.push(error);
        context.say(`Not asked: ${error.message}`);
        return null;
      }
    },
    refuseSilence() {
      const last = refusals.at(-1);
      if (answers === 0 && last !== undefined) throw last;
    },
  };
}
