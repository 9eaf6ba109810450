-- migrate-env < FILE: reads the environment of another Prosody image, writes ours, and says what has no counterpart

local read_variables = require("foundry.env-file")
local migrate = require("foundry.migration")

local function say(sentence, ...) io.stderr:write(sentence:format(...), "\n") end

return function(arguments)
  if #arguments > 0 then
    say("migrate-env reads standard input: docker run --rm -i IMAGE migrate-env < their.env")
    return 78
  end
  local variables, bad = read_variables(io.read("a"))
  local result = migrate(variables)
  for _, line in ipairs(result.lines) do
    io.write(line.name, "=", line.text, "\n")
    if line.text:find("[\"'$#\\\n]") then say("%s: Compose wants it in quotes, `docker run --env-file` does not.", line.name) end
    if line.text:find("\n") then say("%s: no file for `docker run --env-file` can hold its line break.", line.name) end
  end
  for _, number in ipairs(bad) do say("line %d is no NAME=value.", number) end
  for _, list in ipairs({ result.left, result.notes }) do
    for _, sentence in ipairs(list) do say("%s", sentence) end
  end
  for _, problem in ipairs(result.problems) do say("The server would not start: %s", problem) end
  return (#result.left > 0 or #bad > 0 or #result.problems > 0) and 3 or 0
end
