-- What options demand of each other. Each rule gets the values and the names they were set by, and gives a sentence or
-- nothing.

local parts = { "database", "accounts", "modules", "places" }

return function(values, set_by)
  local problems = {}
  local function say(sentence, ...) problems[#problems + 1] = sentence:format(...) end
  for _, part in ipairs(parts) do
    for _, rule in ipairs(require("foundry.contradictions." .. part)) do rule(values, set_by, say) end
  end
  return problems
end
