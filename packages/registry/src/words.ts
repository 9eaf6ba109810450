/** Letters that the words of one README may take up in a survey. */
const limit = 400;

// What every README says, and what says nothing.
const common = new Set(
  `about after all also and any are because been before being below but can cannot code compatibility config configuration
  configure could default details does each enable enabled example for following from has have how however http https
  include install installation into introduction its just like list load lua may mod module modules modules_enabled more
  most must need needs not note now one only option options other prosody prosody's readme running same see set setting
  settings should simply some such support supports than that the their them then there these they this todo true trunk
  two use used user users uses using usage value values want was way what when where which while will with without work
  works would you your`.split(/\s+/u),
);

/**
 * The different words of a text in the order they come, to find it by; those that `known` has already, and those that
 * every text has, are left out.
 */
export function distinctWords(text: string, known: string): string {
  const present = new Set([...common, ...wordsIn(known)]);
  const found = [...new Set(wordsIn(text))].filter((word) => !present.has(word) && !/^xep\b/u.test(word));
  const cut = found.join(" ").slice(0, limit + 1);
  return cut.length <= limit ? cut : cut.slice(0, cut.lastIndexOf(" "));
}

function wordsIn(text: string): string[] {
  return text.toLowerCase().match(/\p{L}[\p{L}\d_'-]{2,63}/gu) ?? [];
}
