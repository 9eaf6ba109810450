-- What the commands that handle data have in common: their words, the environment, what they tell people.

local environment = require("foundry.environment")

local bad_configuration = 78

local function say(sentence)
  io.stderr:write("prosody-foundry\t", sentence, "\n")
end

local function fail(sentence, code)
  say("error\t" .. sentence)
  os.exit(code or 1)
end

local function stop_on(problems)
  for _, problem in ipairs(problems) do say("error\t" .. problem) end
  if #problems > 0 then os.exit(bad_configuration) end
end

-- Ends with exit code 78 on a bad environment. `is_known` tells variables that only this command reads.
local function check_environment(is_known)
  -- Files of secrets are read as the user who will use them.
  stop_on({ require("foundry.identity").settle_tool() })
  local variables = environment.read_all()
  for name in pairs(variables) do
    if is_known and is_known(name) then variables[name] = nil end
  end
  local _, problems = environment.check(os.getenv, variables)
  stop_on(problems)
end

-- { [flag] = true or its value, [1…] = other words }. `known` tells which flags take a value.
local function parse(words, known, usage)
  local found, i = {}, 1
  while i <= #words do
    local flag, text = words[i]:match("^%-%-([%l-]+)=?(.*)$")
    if not flag then
      if words[i]:sub(1, 1) == "-" and words[i] ~= "-" then fail(("%s is no option. %s"):format(words[i], usage), 64) end
      found[#found + 1] = words[i]
    elseif known[flag] == nil then
      fail(("--%s is no option. %s"):format(flag, usage), 64)
    elseif known[flag] == "value" then
      if text == "" then
        i = i + 1
        text = words[i] or fail(("--%s needs a value. %s"):format(flag, usage), 64)
      end
      found[flag] = text
    else
      found[flag] = true
    end
    i = i + 1
  end
  return found
end

-- One sentence instead of a trace: an error of ours is a text, one of Lua's own says where.
local function run(work)
  local done, result = xpcall(work, function(problem)
    return type(problem) == "string" and not problem:find("^[^ ]*%.lua:%d+:") and problem or debug.traceback(problem, 2)
  end)
  if done then return result end
  fail(result)
end

local function plural(count, kind)
  local word = kind == "keyval" and "document" or "item"
  return ("%d %s%s"):format(count, word, count == 1 and "" or "s")
end

-- Tells of each section.
local function progress(verb)
  return function(section)
    if section.count > 0 then say(("info\t%s %s %s: %s"):format(verb, section.host, section.store, plural(section.count, section.kind))) end
  end
end

return {
  say = say, fail = fail, parse = parse, run = run, check_environment = check_environment, progress = progress, plural = plural,
}
