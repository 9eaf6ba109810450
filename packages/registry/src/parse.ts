import { checkShape, parseJson, UserError } from "@prosody-foundry/kit";
import { formatSurvey, fromFile } from "./format.ts";
import { type Survey, SurveyFile } from "./schema.ts";

const code = "SURVEY_MALFORMED";
const hint = "Take the committed file back (`git checkout`), or make it anew: `foundry compat --all`.";

/**
 * The survey a text holds. Only text that is byte for byte what formatSurvey gives is taken.
 * @param file what to call it in errors.
 * @throws UserError SURVEY_MALFORMED
 */
export function parseSurvey(text: string, file: string): Survey {
  const value = parseJson(text, { file, code, hint });
  const survey = fromFile(checkShape(SurveyFile, value, { file, code, hint }));
  refuseForm(text, formatSurvey(survey), file);
  return survey;
}

function refuseForm(text: string, formatted: string, file: string): void {
  if (text === formatted) return;
  const expected = formatted.split("\n");
  const line = text.split("\n").findIndex((one, index) => one !== expected[index]);
  throw new UserError(code, `${file}:${line === -1 ? expected.length : line + 1} is not as foundry writes it`, {
    hint,
  });
}
