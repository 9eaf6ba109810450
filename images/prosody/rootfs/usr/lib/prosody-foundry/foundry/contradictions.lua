-- What options demand of each other. Each rule gets the values, the names they were set by, how to say a sentence, and
-- which options are in doubt, because what was given for them is wrong, as a set to which it may add.

local is_in_doubt = require("foundry.doubt")

-- Places come first: what is not there puts what is looked for in it in doubt. A database without a driver does, too.
local parts = { "places", "database", "needs", "accounts", "modules" }

return function(values, set_by, doubted)
  local problems = {}
  local function say(sentence, ...)
    local whole = sentence:format(...)
    if not is_in_doubt(whole, set_by, doubted) then problems[#problems + 1] = whole end
  end
  for _, part in ipairs(parts) do
    for _, rule in ipairs(require("foundry.contradictions." .. part)) do rule(values, set_by, say, doubted) end
  end
  return problems
end
