-- What options demand of each other. Each rule gets the values, the names they were set by, how to say a sentence, and
-- which options are in doubt, because what was given for them is wrong, as a set to which it may add.

-- Places come first: what is not there puts what is looked for in it in doubt.
local parts = { "places", "database", "accounts", "modules" }

-- A sentence about an option in doubt may well be wrong once that one is mended.
local function is_in_doubt(sentence, set_by, doubted)
  for name in pairs(doubted) do
    for _, called in ipairs({ name, set_by[name] }) do
      if sentence:find("%f[%w_]" .. called .. "%f[^%w_]") then return true end
    end
  end
  return false
end

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
