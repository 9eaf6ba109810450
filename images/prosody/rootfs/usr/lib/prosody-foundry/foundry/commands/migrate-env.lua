-- migrate-env [--compose] < FILE: reads the environment of another Prosody image, writes ours, and says what has no counterpart

local file = require("foundry.env-file")
local migrate = require("foundry.migration")

local usage = "migrate-env reads standard input: docker run --rm -i IMAGE migrate-env < their.env. It takes and gives the syntax of "
  .. "`docker run --env-file`, where quotes and # are part of a value; with --compose, that of Docker Compose."

local function say(sentence, ...) io.stderr:write(sentence:format(...), "\n") end

-- Where the two syntaxes differ. Values may be secrets.
local function say_readings(variables, is_compose)
  for _, variable in ipairs(variables) do
    if variable.differs then
      say("%s: all behind the = is its value, as for `docker run --env-file`. Docker Compose reads this line in another way: for a file of "
        .. "its own say --compose.", variable.name)
    elseif is_compose and variable.is_open then
      say("%s: Docker Compose puts variables in the place of what begins with $ in it; here it stays as it is.", variable.name)
    end
  end
end

local function say_bad(numbers, is_compose)
  for _, number in ipairs(numbers) do say("line %d is no NAME=value%s.", number, is_compose and "" or " of `docker run --env-file`") end
end

local function write_line(line, is_compose)
  io.write(is_compose and file.write_compose(line.name, line.text) or line.name .. "=" .. line.text, "\n")
  if not is_compose and line.text:find("\n") then
    say("%s: no file for `docker run --env-file` can hold its line break.", line.name)
  end
end

return function(arguments)
  local is_compose = arguments[1] == "--compose"
  if #arguments > (is_compose and 1 or 0) then
    say("%s", usage)
    return 78
  end
  local variables, bad = file.read(io.read("a"), is_compose)
  local result = migrate(variables)
  for _, line in ipairs(result.lines) do write_line(line, is_compose) end
  say_bad(bad, is_compose)
  say_readings(variables, is_compose)
  for _, list in ipairs({ result.left, result.notes }) do
    for _, sentence in ipairs(list) do say("%s", sentence) end
  end
  for _, problem in ipairs(result.problems) do say("The server would not start: %s", problem) end
  return (#result.left > 0 or #bad > 0 or #result.problems > 0) and 3 or 0
end
